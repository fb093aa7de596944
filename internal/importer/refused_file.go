package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// mark tells a state of the file of refused rows from others. The zero mark is that of no file, or of an empty one.
type mark struct {
	Bytes  int64  `json:"bytes,omitzero"`
	SHA256 string `json:"sha256,omitzero"`
}

func markOf(size int64, sum hash.Hash) mark {
	if size == 0 {
		return mark{}
	}
	return mark{size, hex.EncodeToString(sum.Sum(nil))}
}

// maxPendingBytes is how much waits in memory for the file at most, or little more.
const maxPendingBytes = 1 << 20

// keep makes durable what was added. announce hears first how the file will be: a run that is killed in between knows it again.
func (f *refusals) keep(announce func(mark) error) error {
	if f.failed != nil || f.pending.Len() == 0 {
		return f.failed
	}
	f.sum.Write(f.pending.Bytes())
	next := markOf(f.kept.Bytes+int64(f.pending.Len()), f.sum)
	if f.failed = announce(next); f.failed != nil {
		return f.failed
	}
	if err := f.write(); err != nil {
		f.failed = fmt.Errorf("file of refused rows: %w", err)
		return f.failed
	}
	f.kept = next
	f.pending.Reset()
	return nil
}

// write makes the file where there is none, and appends to it.
func (f *refusals) write() (err error) {
	if f.file == nil {
		if err = f.create(); err != nil {
			return err
		}
	}
	if _, err = f.file.Write(f.pending.Bytes()); err == nil {
		err = f.file.Sync()
	}
	if err != nil { // what is half there would look as if somebody had changed the file
		return errors.Join(err, f.file.Truncate(f.kept.Bytes))
	}
	return nil
}

// create makes the file itself, so that nobody else can have put it there, or a link in its place. While it is written it is locked, where
// that is possible.
func (f *refusals) create() (err error) {
	if f.signer.dryRun {
		if err = f.findPlace(); err != nil {
			return err
		}
	}
	if f.file, err = os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		_ = unix.Flock(int(f.file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	return err
}

func (f *refusals) close(announce func(mark) error) error {
	err := f.keep(announce)
	if f.file == nil {
		return err
	}
	if err == nil {
		f.sign()
	}
	return errors.Join(err, f.file.Close())
}

// goOn continues the file of the run that was interrupted, as it was when the run noted how far it was. next is how it may be
// if the run was killed behind that. A file that is otherwise was changed by somebody: it is renamed, and aside is its new name.
// whole is false when the file is not there any more with what it had.
func (f *refusals) goOn(was, next mark) (aside string, whole bool, err error) {
	file, err := os.OpenFile(f.path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", was == mark{}, nil
	}
	if err == nil {
		whole, err = f.take(file, was, next)
	}
	if err == nil && !whole {
		aside, err = setAside(f.path)
	}
	if err != nil {
		return aside, whole, fmt.Errorf("file of refused rows: %w", err)
	}
	return aside, whole, nil
}

// take goes on behind what was noted, if the file is as the run left it; else it closes it.
func (f *refusals) take(file *os.File, was, next mark) (taken bool, err error) {
	all := sha256.New()
	size, err := io.Copy(all, file)
	if there := markOf(size, all); err != nil || there != was && there != next {
		return false, errors.Join(err, file.Close())
	}
	if _, err = io.Copy(f.sum, io.NewSectionReader(file, 0, was.Bytes)); err == nil {
		err = errors.Join(file.Truncate(was.Bytes), file.Chmod(0o600))
	}
	if err == nil {
		_, err = file.Seek(was.Bytes, io.SeekStart)
	}
	f.file, f.kept = file, was
	return true, err
}
