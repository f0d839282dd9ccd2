//! The folder of the project over HTTP, and the module where a build would leave it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};

use crate::{guest, root};

/// Where pages of the project look for the module.
const MODULE: &str = "target/wasm32-unknown-unknown/wasm/qmtl_policy.wasm";

/// Serves until the program ends, with a page as the start; the address begins with `http://` and ends with `/`.
pub fn start_with(page: &Path) -> String {
    let page = page.to_owned();
    let module = guest::module().unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (module, page) = (module.clone(), page.clone());
            std::thread::spawn(move || answer(stream, &module, &page));
        }
    });
    address
}

fn answer(mut stream: TcpStream, module: &Path, page: &Path) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else { return };
    // The rest of the request says nothing that matters here.
    for line in lines.by_ref() {
        if line.is_ok_and(|line| !line.is_empty()) {
            continue;
        }
        break;
    }
    let path = request.split(' ').nth(1).unwrap_or("/").split(['?', '#']).next().unwrap_or("/");
    let found = file(path.trim_start_matches('/'), module, page)
        .and_then(|path| Some((kind(&path), std::fs::read(path).ok()?)));
    let (status, kind, body) = match found {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", b"there is no such file".to_vec()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    // A browser that closes the connection early has its reasons.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn file(path: &str, module: &Path, page: &Path) -> Option<PathBuf> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    if path == MODULE {
        return Some(module.to_owned());
    }
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let path = root().join(path);
    inside.then(|| if path.is_dir() { path.join("index.html") } else { path })
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}
