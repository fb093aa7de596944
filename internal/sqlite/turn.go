package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// TurnName is the name of the file in a data directory by which the processes that write there take turns.
const TurnName = "write.lock"

// turn lets the processes that write into one book do so in turn. SQLite keeps no line: whoever finds the writer taken looks
// again later and later, up to a tenth of a second, and one that begins its next transaction as soon as it has ended the last
// would keep the others out for as long as it has work. So who wants to write takes the turn first, gives it on when its
// transaction has begun, and has to take it again for the next: meanwhile another one has it and finds the writer free when
// this transaction ends. Of two that always have work each writes every other time.
//
// It is a courtesy, and no guard: SQLite's own locks are that. Where the file system has no such locks, one goes without.
type turn struct{ file *os.File }

// How long one waits for the turn, and how often one looks. Who has it waits as long for the writer at most.
const (
	turnPatience = 5 * time.Second
	lookForTurn  = 500 * time.Microsecond
)

// openTurn returns the turn of a directory; one that nobody waits for where the file cannot be had.
func openTurn(dir string) turn {
	f, err := os.OpenFile(filepath.Join(dir, TurnName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return turn{}
	}
	return turn{f}
}

// take waits until it is this process's turn; not longer than turnPatience, and not when ctx is done.
func (t turn) take(ctx context.Context) {
	if t.file == nil || unix.Flock(int(t.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != unix.EWOULDBLOCK {
		return
	}
	look := time.NewTicker(lookForTurn)
	defer look.Stop()
	for deadline := time.Now().Add(turnPatience); time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if unix.Flock(int(t.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != unix.EWOULDBLOCK {
			return
		}
	}
}

// give lets the next one take it.
func (t turn) give() {
	if t.file != nil {
		_ = unix.Flock(int(t.file.Fd()), unix.LOCK_UN) // of what was not taken, too
	}
}

func (t turn) close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}
