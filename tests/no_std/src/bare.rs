//! What an operating system's library would have provided. For x86-64 Linux.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::{asm, global_asm},
    cell::UnsafeCell,
    fmt::{self, Write},
    panic::PanicInfo,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {run}",
    "ud2",
    run = sym crate::run,
);

/// How many bytes were ever allocated.
pub(crate) fn allocated() -> usize {
    USED.load(Relaxed)
}

pub(crate) fn exit(status: usize) -> ! {
    syscall(60, [status, 0, 0]);
    unreachable!("the kernel has ended this program")
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Nowhere is left to tell of a failure.
    let _ = writeln!(Stderr, "{info}");
    exit(101)
}

struct Stderr;

impl Write for Stderr {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        syscall(1, [2, text.as_ptr().addr(), text.len()]);
        Ok(())
    }
}

fn syscall(number: usize, [first, second, third]: [usize; 3]) {
    // SAFETY: `exit` and `write`, which read what they are given and change no memory.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => _,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
}

/// Hands out memory from the start of the arena to its end, and takes none back.
struct Arena(UnsafeCell<[u8; SIZE]>);

// SAFETY: this program has one thread.
unsafe impl Sync for Arena {}

// SAFETY: what is handed out is aligned, inside of the arena and never handed out again.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.0.get().cast::<u8>();
        let start = (base.addr() + USED.load(Relaxed)).next_multiple_of(layout.align());
        let end = start - base.addr() + layout.size();
        if end > SIZE {
            return core::ptr::null_mut();
        }
        USED.store(end, Relaxed);
        base.with_addr(start)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ARENA: Arena = Arena(UnsafeCell::new([0; SIZE]));
static USED: AtomicUsize = AtomicUsize::new(0);
const SIZE: usize = 16 << 20;

// Compilers call these by name. Loops would be compiled to calls of themselves.

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: the caller's duty.
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= len {
        // SAFETY: the caller's duty, and copying forwards destroys nothing that is still to come.
        return unsafe { memcpy(to, from, len) };
    }
    // SAFETY: as above, backwards.
    unsafe {
        asm!(
            "std",
            "rep movsb",
            "cld",
            inout("rdi") to.add(len).wrapping_sub(1) => _,
            inout("rsi") from.add(len).wrapping_sub(1) => _,
            inout("rcx") len => _,
        );
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    // SAFETY: the caller's duty.
    unsafe {
        asm!("rep stosb", inout("rdi") to => _, in("al") byte as u8, inout("rcx") len => _);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    for at in 0..len {
        // SAFETY: the caller's duty.
        let (one, other) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's duty.
    unsafe { memcmp(one, other, len) }
}

// The precompiled `alloc` names what would unwind, which this program never does.

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(102)
}
