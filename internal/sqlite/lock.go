package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"clientele"

	"golang.org/x/sys/unix"
)

// LockName is the name of the lock file in a data directory.
const LockName = "serve.lock"

// Lock is one server's claim on a data directory. The operating system lets go of it when the process ends, however it
// ends.
type Lock struct{ file *os.File }

// LockDir claims dir, creating it where it is missing. Commands work beside a server without it; a second server gets an
// Error of kind conflict that names the first one's process.
func LockDir(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, LockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data directory: %w", err)
		}
		holder := make([]byte, 20)
		n, _ := f.Read(holder)
		return nil, clientele.Errorf(clientele.KindConflict,
			"the data directory %s is served by another process (pid %s)", dir, holder[:n])
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // for the message above only
	}
	return &Lock{file: f}, nil
}

// Unlock gives the directory free.
func (l *Lock) Unlock() error { return l.file.Close() }
