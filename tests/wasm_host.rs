//! The module under wasmtime, through the file that Rust hosts copy, and bare where no typed call fits.

#[path = "../examples/embed/rust/main.rs"]
#[allow(dead_code, missing_docs, reason = "a program of its own, which is only called from here")]
pub mod example;

use std::path::Path;
use std::sync::OnceLock;

pub use example::qmtl_policy::{Error, Guest, Judged, Limits, Log, Module, Policy, Settings};
use wasmtime::{Instance, Store, Val};

use crate::guest;

/// How tests compile the module. More than a hundred guests live at once in one test.
fn settings() -> Settings {
    Settings { guests: 160, ..Settings::default() }
}

/// The module, compiled once; none where this machine cannot build it.
pub fn module() -> Option<&'static Module> {
    static MODULE: OnceLock<Option<Module>> = OnceLock::new();
    MODULE.get_or_init(|| guest::module().map(|path| compiled(&path))).as_ref()
}

/// A guest with ample limits.
pub fn guest() -> Option<Guest> {
    module().map(|module| module.guest(&Limits::default()).expect("a guest"))
}

/// Compiling takes longer than all tests, so the machine code is kept under the name of what it is made of.
fn compiled(path: &Path) -> Module {
    let wasm = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folder = guest::target().join("compiled");
    let kept = folder.join(format!("{}.code", blake3::hash(&wasm).to_hex()));
    if let Ok(code) = std::fs::read(&kept)
        && let Ok(module) = taken(&code)
    {
        return module;
    }
    let code = Module::precompile(&settings(), &wasm).expect("the module compiles");
    // Code of modules that are no more only takes room. A process that reads it right now compiles its own.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
    std::fs::write(&unfinished, &code).and_then(|()| std::fs::rename(&unfinished, &kept)).unwrap();
    taken(&code).expect("code that was just compiled")
}

#[allow(unsafe_code, reason = "machine code is run as it is")]
fn taken(code: &[u8]) -> Result<Module, Error> {
    // SAFETY: the code comes from `precompile`, by way of a file in the target folder at most.
    unsafe { Module::from_precompiled(&settings(), code) }
}

/// A guest by its exported functions alone, for addresses and handles that no typed call would give.
pub struct Bare {
    store: Store<wasmtime::StoreLimits>,
    instance: Instance,
}

impl Bare {
    pub fn new(module: &Module) -> Self {
        let pre = module.instance_pre();
        let mut store = Store::new(pre.module().engine(), wasmtime::StoreLimits::default());
        store.set_fuel(u64::MAX).unwrap();
        let instance = pre.instantiate(&mut store).unwrap();
        Self { store, instance }
    }

    /// Calls an export; fails where it traps.
    #[track_caller]
    pub fn call(&mut self, name: &str, parameters: &[u32]) -> u32 {
        let function = self.instance.get_func(&mut self.store, name).unwrap_or_else(|| panic!("there is no {name}"));
        let parameters: Vec<Val> = parameters.iter().map(|value| Val::I32(value.cast_signed())).collect();
        let mut found = [Val::I32(0)];
        let called = function.call(&mut self.store, &parameters, &mut found);
        called.unwrap_or_else(|error| panic!("{name}({parameters:?}) traps: {error:#}"));
        found[0].unwrap_i32().cast_unsigned()
    }

    /// A text in a block of its own.
    #[track_caller]
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> [u32; 2] {
        let text = text.as_ref();
        if text.is_empty() {
            return [0, 0];
        }
        let length = u32::try_from(text.len()).unwrap();
        let address = self.call("qp_alloc", &[length]);
        assert_ne!(address, 0, "no block: {}", self.answer());
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.write(&mut self.store, address as usize, text).unwrap();
        [address, length]
    }

    pub fn answer(&mut self) -> String {
        let (address, length) = (self.call("qp_result_address", &[]), self.call("qp_result_length", &[]));
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        let bytes = &memory.data(&self.store)[address as usize..][..length as usize];
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// The code of the refusal that the last call answered.
    pub fn code(&mut self) -> String {
        let answer = self.answer();
        let document: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        document["error"]["code"].as_str().unwrap_or_else(|| panic!("no refusal: {answer}")).to_owned()
    }
}
