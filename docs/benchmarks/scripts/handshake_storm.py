"""How long triggers take while a storm of TLS handshakes comes: medians over rounds, calm and storm in turn.

    python3 docs/benchmarks/scripts/handshake_storm.py target/release/campanile [OTHER ...]

The storm replays one ClientHello on 512 connections at a time, waits for the server's answer, and hangs up: all of
the work is the server's. Needs Linux, openssl and two cores; nothing else should run.
"""

import http.client, os, select, socket, ssl, statistics, subprocess, sys, tempfile, time
from multiprocessing import Process, Value

AT_ONCE, ROUNDS, ROUND_S, EVERY_S = 512, 3, 3, 0.01
PUBLIC, INTERNAL = ("127.0.0.1", 18700), ("127.0.0.1", 18702)
BODY = b'{"rooms":[{"room":"a"}],"data":1}'


def client_hello():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def storm(done, stop):
    os.sched_setaffinity(0, {1})
    hello, poll, sockets = client_hello(), select.epoll(), {}

    def begin():
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex(PUBLIC)
        sockets[stream.fileno()] = stream
        poll.register(stream, select.EPOLLOUT)

    for _ in range(AT_ONCE):
        begin()
    while not stop.value:
        for number, event in poll.poll(1):
            stream = sockets[number]
            if event & select.EPOLLOUT:
                try:
                    stream.send(hello)
                    poll.modify(stream, select.EPOLLIN)
                    continue
                except OSError:
                    pass
            done.value += 1
            poll.unregister(stream)
            del sockets[number]
            stream.close()
            begin()


def triggers(seconds):
    """Posts one trigger after the other, each on time; returns how long each took, in milliseconds."""
    connection, took = http.client.HTTPConnection(*INTERNAL), []
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        connection.request("POST", "/trigger/", BODY)
        connection.getresponse().read()
        took.append(1000 * (time.perf_counter() - begun))
        time.sleep(max(0, EVERY_S - (time.perf_counter() - begun)))
    return sorted(took)


def measure(program, kind, arguments, folder):
    files = [f"{folder}/{kind}.pem", f"{folder}/{kind}-key.pem"]
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-newkey", *arguments,
                    "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    environment = {"CAMPANILE_PUBLIC_LISTEN": "%s:%d" % PUBLIC, "CAMPANILE_INTERNAL_LISTEN": "%s:%d" % INTERNAL,
                   "CAMPANILE_PUBLIC_CERTIFICATE": files[0], "CAMPANILE_PUBLIC_PRIVATE_KEY": files[1]}
    server = subprocess.Popen([program, "serve", "--backend", "http://127.0.0.1:9/"], env=environment,
                              stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        triggers(1)
        results = {"calm": [], "storm": []}
        handshakes = []
        for _ in range(ROUNDS):
            results["calm"].append(triggers(ROUND_S))
            done, stop = Value("q", 0), Value("b", 0)
            process = Process(target=storm, args=(done, stop))
            process.start()
            time.sleep(0.5)
            before, begun = done.value, time.perf_counter()
            results["storm"].append(triggers(ROUND_S))
            handshakes.append((done.value - before) / (time.perf_counter() - begun))
            stop.value = 1
            process.join()
            time.sleep(0.5)
        for name, rounds in results.items():
            at = lambda part: statistics.median(took[int(part * (len(took) - 1))] for took in rounds)
            print(f"{program} {kind} {name}: p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms, max {at(1):.2f} ms"
                  + (f", {statistics.median(handshakes):.0f} handshakes/s" if name == "storm" else ""), flush=True)
    finally:
        server.terminate()
        server.wait()


with tempfile.TemporaryDirectory() as folder:
    for kind, arguments in [("ecdsa", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]), ("rsa", ["rsa:2048"])]:
        for program in sys.argv[1:]:
            measure(program, kind, arguments, folder)
