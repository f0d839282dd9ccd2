fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for d in &qmtl_policy::stdlib::standard().diagnostics { println!("STD {} {}", d.code(), d.message); }
    let t = std::time::Instant::now();
    let c = qmtl_policy::compile::compile(&path, &text, &qmtl_policy::compile::NoFiles, &Default::default());
    for d in &c.diagnostics {
        let s = c.sources.get(d.span.file).unwrap();
        let a = s.position(d.span.start as usize); let b = s.position(d.span.end as usize);
        println!("{}:{}-{}:{} {} {} [{}] help={:?}", a.line, a.column, b.line, b.column, d.code(), d.message, c.document.path_at(d.span.start), d.help);
    }
    if let Some(p) = &c.program { println!("{:?} rules={} steps={} profiles={} layers={} metrics={} base={}", p.dialect, p.rules.len(), p.steps.len(), p.profiles.len(), p.layers.len(), p.metrics.len(), p.base.len());
      if p.rules.len() < 20 { for r in p.all_rules() { println!("  {} {:?} {:?} {} {:?}", r.id, r.layer, r.severity, r.owner, r.on_missing); } } }
    println!("{:?}", t.elapsed());
}
