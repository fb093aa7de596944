//go:build linux

package main

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The generator's system calls bypass the scheduler's bookkeeping: one thread does everything, and while a thread
// that told the scheduler waits, the runtime's monitor wakes every 20 µs to take its processor away, which costs
// the measured server half a core. The price is that nothing may be collected meanwhile, so the loop does not allocate.

// readNow reads what is there without blocking; errors are unix.Errno values.
func readNow(descriptor int, to []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(descriptor), uintptr(unsafe.Pointer(&to[0])), uintptr(len(to)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// writeNow writes without blocking what the send buffer takes; errors are unix.Errno values.
func writeNow(descriptor int, from []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(descriptor), uintptr(unsafe.Pointer(&from[0])), uintptr(len(from)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// waitNanoseconds waits for events, at most so long. It needs Linux 5.11: epoll's older calls count in milliseconds,
// too coarse to send at even intervals.
func waitNanoseconds(epoll int, events []unix.EpollEvent, nanoseconds int64) (int, error) {
	limit := unix.NsecToTimespec(nanoseconds)
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(unsafe.Pointer(&limit)), 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, fmt.Errorf("wait for answers: %w", errno)
	}
	return int(n), nil
}

// sharpenTimers makes the calling thread's waits end on time; by default they may end 50 µs late.
func sharpenTimers() error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set timer slack: %w", err)
	}
	return nil
}

// tryAgain says that a call has to be repeated later.
func tryAgain(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }
