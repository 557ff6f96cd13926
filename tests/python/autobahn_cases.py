"""Runs the Autobahn cases and judges them as strictly as the project does.

    autobahn_cases.py server HOST:PORT [--quick] [-o FOLDER]
        against the WebSocket echo server that listens there
    autobahn_cases.py client HOST:PORT [--quick] [-o FOLDER] -- COMMAND…
        listens there itself and runs COMMAND, a client that echoes; see `client_role` for what is asked of it

Ends with 0 when no case was FAILED or NON-STRICT, every close was clean with a right code, and each violation of the
protocol was answered by a close frame that says which it was (a dropped TCP connection would do for Autobahn).
"""

import argparse
import asyncio
import collections
import os
import sys

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver

# One or two of each kind of load and compression; the rest of 9, 12 and 13 takes minutes.
QUICK_LOAD = ["9.1.1", "9.1.6", "9.2.2", "9.3.1", "9.5.1", "9.7.1", "9.8.1"]
QUICK_DEFLATE = ["12.1.1", "12.1.10", "12.3.5", "12.5.18", "13.1.5", "13.3.8", "13.4.10", "13.7.18"]
QUICK = [f"{group}.*" for group in [1, 2, 3, 4, 5, 6, 7, 10]] + QUICK_LOAD + QUICK_DEFLATE

# Close codes that name a violation: protocol error, and text that is no UTF-8.
VIOLATION = {1002, 1007}

GOOD = {"OK", "INFORMATIONAL"}


def accept_uncompressed_echoes():
    """Mends kosoku 0.1.0: the cases on compression hash what they got, which are bytes if it was compressed but text if
    not, and then "strings must be encoded". A message that compression makes no shorter may well go without."""
    from kosoku import cases

    for module in [module for name, module in sys.modules.items() if name.endswith("case12_x_x")]:
        for case in module.Case12_X_X + module.Case13_X_X:
            case.onMessage = as_bytes(case.onMessage)
    return cases


def as_bytes(on_message):
    def on_message_bytes(self, message, binary):
        if isinstance(message, str):
            message = message.encode("latin-1" if binary else "utf-8")
        return on_message(self, message, binary)

    return on_message_bytes


def is_violation(result):
    """Whether the case breaks the protocol and so must be answered by a close with a code of its own."""
    expected = result.expected_close or {}
    return bool(VIOLATION & set(expected.get("closeCode") or [])) and not expected.get("closedByMe")


def complaint(result):
    """What is wrong with the outcome of a case, or None."""
    if result.behavior.value not in GOOD:
        return f"{result.behavior.value}: {result.result}"
    if result.behavior_close.value not in GOOD:
        return f"close {result.behavior_close.value}: {result.result_close}"
    if is_violation(result):
        if result.remote_close_code is None:
            return "a violation was answered by a dropped connection, not by a close frame"
        if result.remote_close_code not in result.expected_close["closeCode"]:
            return f"a violation was answered by close {result.remote_close_code}"
    if not result.was_clean:
        return f"unclean: {result.was_not_clean_reason}"
    return None


def table(results):
    """The outcome in groups: cases, and how many of each verdict."""
    groups = collections.defaultdict(collections.Counter)
    for result in results:
        number = ".".join(result.case_id.split(".")[:1])
        groups[number]["cases"] += 1
        groups[number][result.behavior.value] += 1
        groups[number]["violations"] += is_violation(result)
        groups[number]["wrong"] += complaint(result) is not None
    columns = ["cases", "OK", "NON-STRICT", "INFORMATIONAL", "FAILED", "violations", "wrong"]
    lines = ["group  " + "  ".join(f"{column:>13}" for column in columns)]
    total = collections.Counter()
    for number in sorted(groups, key=int):
        total.update(groups[number])
        lines.append(f"{number:>5}  " + "  ".join(f"{groups[number][column]:>13}" for column in columns))
    lines.append("  all  " + "  ".join(f"{total[column]:>13}" for column in columns))
    return "\n".join(lines)


async def settled(run):
    """The results of a run, whether Autobahn calls it failed or not."""
    try:
        return await run
    except FailureError as failure:
        return failure.results


async def server_role(address, cases):
    await until_listening(address)
    return await settled(run_fuzzingclient(f"ws://{address}", cases, concurrency=2))


async def until_listening(address):
    host, port = address.rsplit(":", 1)
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit(f"nobody listens on {address}")


async def client_role(address, cases, command):
    """Runs the client, which does what Autobahn asks of clients: it gets `/getCaseCount` (one text message), runs
    `/runCase?case=N&agent=NAME` for N from 1 echoing every message, and at last gets `/updateReports?agent=NAME`."""
    host, port = address.rsplit(":", 1)
    async with run_fuzzingserver(cases, host=host, port=int(port)) as server:
        client = await asyncio.create_subprocess_exec(*command)
        results = asyncio.ensure_future(settled(server.get_result()))
        ended = asyncio.ensure_future(client.wait())
        await asyncio.wait([results, ended], return_when=asyncio.FIRST_COMPLETED)
        try:
            return await asyncio.wait_for(results, timeout=60)
        except asyncio.TimeoutError:
            raise SystemExit(f"the client ended ({client.returncode}) before it had come through all cases")
        finally:
            if client.returncode is None:
                try:
                    await asyncio.wait_for(ended, timeout=10)
                except asyncio.TimeoutError:
                    client.kill()
            if client.returncode:
                print(f"the client ended with {client.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("address")
    parser.add_argument("--quick", action="store_true", help="about 260 of the 517 cases")
    parser.add_argument("-i", "--include", action="append", metavar="CASE", help="only these, such as 6.4.* or 9.1.6")
    parser.add_argument("-o", "--outdir", metavar="FOLDER", help="writes Autobahn's own reports there")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args, command = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1 :]
    accept_uncompressed_echoes()
    cases = args.include or (QUICK if args.quick else None)
    if args.role == "server":
        results = asyncio.run(server_role(args.address, cases))
    else:
        results = asyncio.run(client_role(args.address, cases, command))
    if args.outdir:
        from kosoku._report import write_reports

        write_reports(results, args.outdir)
    print(f"Autobahn, {args.role} role")
    print(table(results))
    wrong = [(result.case_id, complaint(result)) for result in results if complaint(result)]
    for case_id, what in wrong:
        print(f"case {case_id}: {what}")
    print(f"{len(results) - len(wrong)} passed, {len(wrong)} failed")
    sys.stdout.flush()
    # Without the interpreter's own end: what the suite leaves running can abort it there, and all
    # that there is to say has been said.
    os._exit(1 if wrong or not results else 0)


if __name__ == "__main__":
    main()
