//! What the formatted text looks like.

use super::format;

/// Formats `input` to `expected`, and `expected` to itself.
fn check(input: &str, expected: &str) {
    assert_eq!(format(input), expected);
    assert_eq!(format(expected), expected);
}

#[test]
fn indentation_and_spaces() {
    check(
        "a:   1   \nb:\n- x\n-   y:  2\n    z: [1,2 , 3]\n- - p\n  -   q\nc:\n     d: {e: 1,f: {}, g: [ ]}\n",
        "a: 1\nb:\n  - x\n  - y: 2\n    z: [1, 2, 3]\n  - - p\n    - q\nc:\n  d: { e: 1, f: {}, g: [] }\n",
    );
    check("a:\n  1\nb:\n  'x'\n-c: 1\n", "a: 1\nb: 'x'\n-c: 1\n");
    check("a: [x: 1, \"y\":2, {z}]", "a: [x: 1, \"y\": 2, { z }]\n");
}

#[test]
fn blank_lines() {
    check("\n\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n\n  d: 2\n\n\n", "a: 1\n\nb:\n  c: 1\n\n  d: 2\n");
    check("", "");
    check("\n\n", "");
    check("# only\n\n\n# comments", "# only\n\n# comments\n");
    check("a: |\n  x\n\n\nb: >-\n  y\n\n\n\n", "a: |\n  x\n\nb: >-\n  y\n");
    check("a: |+\n   x\n\n\nb: |+\n\n\nc: |+\n  z\n\n", "a: |+\n  x\n\n\nb: |+\n\n\nc: |+\n  z\n\n");
}

#[test]
fn comments_stay_where_they_belong() {
    check(
        "#first\n\n#second\na: 1    #one\n#!keep\n##keep\nb:   # two\n   # three\n   - x # four\n   # five\n   - y\n   # six\n\n# seven\nc: 1\n  # eight\n",
        "# first\n\n# second\na: 1  # one\n#!keep\n##keep\nb:  # two\n  # three\n  - x  # four\n  # five\n  - y\n  # six\n\n# seven\nc: 1\n# eight\n",
    );
    check(
        "a:\n    b:\n        - c: 1\n          # in c\n        # in list\n    # in a\n# in root\nd: 1\n",
        "a:\n  b:\n    - c: 1\n      # in c\n    # in list\n  # in a\n# in root\nd: 1\n",
    );
    check("a:\n- x\n# of b\nb: 1\n", "a:\n  - x\n# of b\nb: 1\n");
    check("a: 1 # long\n     # story\n     #goes on\nb: 1\n", "a: 1  # long\n      # story\n      # goes on\nb: 1\n");
    check(
        "- # of the item\n  a: 1\n-   # of the scalar\n  # more\n  x\n",
        "-  # of the item\n  a: 1\n-  # of the scalar\n  # more\n  x\n",
    );
    check("a: # c\n  'x'\nb:\n  # d\n  [1, 2]\nc: # e\n", "a:  # c\n  'x'\nb:\n  # d\n  [1, 2]\nc:  # e\n");
    check("a: |   #c\n  x\n  #text\n # d\nb: >- # e\n  y\n", "a: |  # c\n  x\n  #text\n# d\nb: >-  # e\n  y\n");
}

#[test]
fn flow_collections_break_when_they_must() {
    check(
        "a: [ # open\n  x, # of x\n  # before y\n  y # of y\n  , z\n  # last\n  ] # close\n",
        "a: [  # open\n    x,  # of x\n    # before y\n    y,  # of y\n    z\n    # last\n  ]  # close\n",
    );
    check("a: {b: 1,\n    c: 2,\n  }\n", "a: { b: 1, c: 2 }\n");
    check("a: {b: # c\n  1, d: 2}\n", "a: {\n    b: 1,  # c\n    d: 2\n  }\n");
    let word = "x".repeat(36);
    check(
        &format!("- k: {{a: {word}, b: [{word}, {word}], c: {{d: 1}}}}\n"),
        &format!("- k: {{\n      a: {word},\n      b: [{word}, {word}],\n      c: {{ d: 1 }}\n    }}\n"),
    );
    check(
        &format!("gates:\n- {{when: {word}, keep: {word}, owner: {word}}}\n"),
        &format!("gates:\n  - {{\n      when: {word},\n      keep: {word},\n      owner: {word}\n    }}\n"),
    );
    check("a: [\"x\n  y\", z]\n", "a: [\n    \"x\n      y\",\n    z\n  ]\n");
    let exact = format!("a: [{}, {}]\n", "x".repeat(57), "y".repeat(56));
    assert_eq!(exact.trim_end().len(), 120);
    check(&exact, &exact);
}

#[test]
fn multi_line_scalars_keep_their_text() {
    check(
        "a: \"x\n   y \\\n  z\\ \n w\"\nb: foo\n        bar\n\n  baz\n",
        "a: \"x\n  y \\\n  z\\ \n  w\"\nb: foo\n  bar\n\n  baz\n",
    );
    check("k:\n   a: |2\n        x\n\n       y\n", "k:\n  a: |2\n       x\n\n      y\n");
    check("k:\n  - >\n      a\n\n        b\n      c\n", "k:\n  - >\n    a\n\n      b\n    c\n");
    check("a: |-\n  x\n   \n  y   \n", "a: |-\n  x\n   \n  y   \n");
    check("a: |\n  no end", "a: |\n  no end\n");
    check("a: >+\n  no end", "a: >+\n  no end\n");
}

#[test]
fn anchors_aliases_and_merge_keys() {
    check(
        "a:   &x   # c\n     p: 1\nb: &y [1,2]\nc:  *x\nd:\n  - &s\n    q: 1\n  - &t r: 2\n  - &u v\n<<:   [*x,  *s]\ne: &n\n*u   : 3\n",
        "a: &x  # c\n  p: 1\nb: &y [1, 2]\nc: *x\nd:\n  - &s\n    q: 1\n  - &t r: 2\n  - &u v\n<<: [*x, *s]\ne: &n\n*u : 3\n",
    );
    check("a: {k: &x {b: 1}, l: *x, <<: *x}\n", "a: { k: &x { b: 1 }, l: *x, <<: *x }\n");
}

#[test]
fn document_marks() {
    check("%YAML 1.2\n# c\n---   # d\n\na: 1\n... # e\n", "%YAML 1.2\n# c\n---  # d\na: 1\n# e\n");
    check("--- {a: 1}\n", "---\n{ a: 1 }\n");
    check("--- &a\nb: 1\n", "---\n&a\nb: 1\n");
}

#[test]
fn json_stays_json() {
    let word = "x".repeat(60);
    check(
        &format!(
            "{{\"world\" : \"{word}\",\n \"selection\": {{\"gates\": [\"sector=='tech'\", \"a>=1\"], \"n\": 1e3}}, \"l\": []}}"
        ),
        &format!(
            "{{\n  \"world\": \"{word}\",\n  \"selection\": {{ \"gates\": [\"sector == \\\"tech\\\"\", \"a >= 1\"], \"n\": 1e3 }},\n  \"l\": []\n}}\n"
        ),
    );
    check("{\"a\":{}}", "{ \"a\": {} }\n");
}

#[test]
fn line_ends_and_marks_of_other_systems() {
    check(
        "\u{feff}world: 전략\r\n# 설명\r\na:\r\n- 하나 # 첫째\r\nb: |\r\n  여러\r\n  줄\r\n",
        "world: 전략\n# 설명\na:\n  - 하나  # 첫째\nb: |\n  여러\n  줄\n",
    );
}

#[test]
fn deep_nesting() {
    let block: String = (0..60).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    let expected: String = (0..60).map(|level| format!("{}k:\n", " ".repeat(2 * level))).collect();
    check(&block, &expected);
    let flow = format!("a: {}{}\n", "[".repeat(60), "]".repeat(60));
    assert!(format(&flow).lines().count() > 1);
    let flow = format!("a: {}{}\n", "[".repeat(40), "]".repeat(40));
    check(&flow, &flow);
}
