//! Many entries, from files and into files.

use super::stage::Desk;
use expect_test::expect;

const EXPORTED: &str = "\
route,actiontype,comment,who,expiration,is_active,originating_scram_instance,when
192.0.2.4/32,block,\"a scanner, \"\"loud\"\"\",zeek,9999-12-31 00:00:00+00,t,scram9,2025-03-04 05:06:07.890+00
2001:DB8::/128,block,scanner,zeek,2030-01-01 00:00:00+00,t,scram9,2025-03-04 05:06:07+00
192.0.2.5,block,was one,ada,9999-12-31 00:00:00+00,f,scram9,2025-03-04 05:06:07+00
";

#[test]
fn what_another_instance_held_is_imported_as_it_was_and_exported_again() {
    let desk = Desk::new();
    desk.file("old.csv", EXPORTED);
    desk.play(
        "
        import old.csv --dry-run
        import old.csv --json
        import old.csv --json
        export
        export --format json --active
        entry show 1
        ",
        &expect![[r#"
            $ scram import old.csv --dry-run
            3 entries are right; nothing was written, as --dry-run says
            $ scram import old.csv --json
            {"added":3,"changed":0,"dry_run":false,"faults":[],"skipped":0}
            $ scram import old.csv --json
            {"added":0,"changed":3,"dry_run":false,"faults":[],"skipped":0}
            $ scram export
            route,actiontype,comment,who,expiration,is_active,originating_scram_instance,when,expiration_reason
            192.0.2.4/32,block,"a scanner, ""loud""",zeek,9999-12-31T00:00:00Z,true,scram9,2025-03-04T05:06:07.890Z,
            192.0.2.5/32,block,was one,ada,9999-12-31T00:00:00Z,false,scram9,2025-03-04T05:06:07Z,
            2001:db8::/128,block,scanner,zeek,2030-01-01T00:00:00Z,true,scram9,2025-03-04T05:06:07Z,
            $ scram export --format json --active
            {"route":"192.0.2.4/32","actiontype":"block","comment":"a scanner, \"loud\"","who":"zeek","expiration":"9999-12-31T00:00:00Z","is_active":true,"originating_scram_instance":"scram9","when":"2025-03-04T05:06:07.890Z","expiration_reason":""}
            {"route":"2001:db8::/128","actiontype":"block","comment":"scanner","who":"zeek","expiration":"2030-01-01T00:00:00Z","is_active":true,"originating_scram_instance":"scram9","when":"2025-03-04T05:06:07Z","expiration_reason":""}
            $ scram entry show 1
            entry  network       action type  state   ends   who   comment
            1      192.0.2.4/32  block        active  never  zeek  a scanner, "loud"

            when                     author  reason
            TIME  ~  root    imported by root
            TIME  +  root    imported by root
        "#]],
    );
    // There and back again.
    let other = Desk::new();
    for format in ["csv", "json"] {
        let all = desk.says(&format!("export --format {format}"));
        other.file("all", &all);
        other.says("import all");
        assert_eq!(other.says(&format!("export --format {format}")), all);
    }
}

#[test]
fn every_line_that_is_wrong_is_told_and_nothing_is_written() {
    let desk = Desk::new();
    desk.says("ignore add 10.0.0.0/8 ours");
    let lines = [
        "route,comment,actiontype,expiration,is_active",
        "192.0.2.4,right,,,",
        "192.0.2.5/24,host bits,,,",
        "192.0.2.0/24,too large,,,",
        ",no route,,,",
        "10.1.2.3,ignored,,,",
        "10.1.2.3,ignored but inactive,,,false",
        "192.0.2.6,unknown,shunt,,",
        "192.0.2.7,time,,soon,",
        "192.0.2.8,truth,,,perhaps",
        "192.0.2.9,few",
        "\"2001:db8::1\",\"two\nlines\",block,2030-01-01,",
        "192.0.2.300,last,,,",
    ];
    desk.file("mixed.csv", &lines.join("\n"));
    desk.file("columns.csv", "rout,comment\n192.0.2.4,x\n");
    desk.file("mixed.json", "{\"route\":\"192.0.2.4\"}\n[]\n{\"route\":7}\n{\"rout\":\"x\"}\n");
    desk.file("array.json", "[{\"route\":\"192.0.2.4\",\"is_active\":true},{\"route\":null}]");
    desk.play(
        "
        import mixed.csv
        entry list
        import columns.csv
        import mixed.json
        import array.json
        import nowhere.csv
        import - < 192.0.2.4
        import mixed.csv --skip-invalid
        export
        ",
        &expect![[r#"
            $ scram import mixed.csv
            scram: 9 of 12 entries are wrong, so nothing was written:
              line 3: route "192.0.2.5/24": Must be a network address.
              line 4: 192.0.2.0/24 is too large: V4_MINPREFIX is 32, V6_MINPREFIX is 128
              line 5: route is missing
              line 6: 10.1.2.3/32 overlaps 10.0.0.0/8 on the ignore list
              line 8: there is no action type "shunt"; `scram action-type add shunt` makes it
              line 9: expiration "soon" is no time such as 2026-12-01T12:00:00Z
              line 10: is_active "perhaps" is neither true nor false
              line 11: it has 2 fields, and the first line 5
              line 14: route "192.0.2.300": Invalid CIDR address.
            Put them right, or leave them out by --skip-invalid.
            [1]
            $ scram entry list
            No entry is active.
            $ scram import columns.csv
            scram: line 1: there is no column "rout". Did you mean "route"? The columns are route, actiontype, comment, who, expiration, is_active, originating_scram_instance, when, expiration_reason.
            [2]
            $ scram import mixed.json
            scram: 3 of 4 entries are wrong, so nothing was written:
              line 2: [] is not an object such as {"route": "192.0.2.4"}
              line 3: route "7": Invalid CIDR address.
              line 4: there is no column "rout". Did you mean "route"? The columns are route, actiontype, comment, who, expiration, is_active, originating_scram_instance, when, expiration_reason.
            Put them right, or leave them out by --skip-invalid.
            [1]
            $ scram import array.json
            scram: 1 of 2 entries are wrong, so nothing was written:
              entry 2: route is missing
            Put them right, or leave them out by --skip-invalid.
            [1]
            $ scram import nowhere.csv
            scram: nowhere.csv cannot be read: No such file or directory (os error 2)
            [2]
            $ scram import - < 192.0.2.4
            scram: line 1: there is no column "192.0.2.4". The columns are route, actiontype, comment, who, expiration, is_active, originating_scram_instance, when, expiration_reason.
            [2]
            $ scram import mixed.csv --skip-invalid
              line 3: route "192.0.2.5/24": Must be a network address.
              line 4: 192.0.2.0/24 is too large: V4_MINPREFIX is 32, V6_MINPREFIX is 128
              line 5: route is missing
              line 6: 10.1.2.3/32 overlaps 10.0.0.0/8 on the ignore list
              line 8: there is no action type "shunt"; `scram action-type add shunt` makes it
              line 9: expiration "soon" is no time such as 2026-12-01T12:00:00Z
              line 10: is_active "perhaps" is neither true nor false
              line 11: it has 2 fields, and the first line 5
              line 14: route "192.0.2.300": Invalid CIDR address.
            3 entries are added, 0 changed, 9 left out, in SECONDS s
            $ scram export
            route,actiontype,comment,who,expiration,is_active,originating_scram_instance,when,expiration_reason
            10.1.2.3/32,block,ignored but inactive,,9999-12-31T00:00:00Z,false,scram1,TIME,
            192.0.2.4/32,block,right,,9999-12-31T00:00:00Z,true,scram1,TIME,
            2001:db8::1/128,block,"two
            lines",,2030-01-01T00:00:00Z,true,scram1,TIME,
        "#]],
    );
}
