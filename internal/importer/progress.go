package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"
)

// notesVersion is what the notes are understood by; those of another version cannot be gone on with. 2 knows what was met by its last
// change; before there was no version.
const notesVersion = 2

// note is a line of the progress file. The first has the input and the run, each later one how far it is.
type note struct {
	// Version is notesVersion in the first line.
	Version int      `json:"version,omitzero"`
	Input   identity `json:"input,omitzero"`
	Run     string   `json:"run,omitzero"`
	// EarlierFile is in the first line, as in the report.
	EarlierFile string `json:"earlier_file,omitzero"`

	position
	// Passed is a SHA-256 of the input up to there: what is passed over was imported as it is.
	Passed string `json:"passed"`
	traces
	Counts Counts `json:"counts,omitzero"`
	// SentTo is the line before which rows may have been sent. None from there on has been.
	SentTo int64 `json:"sent_to,omitzero"`
	// RefusedFile is how the file of refused rows is, and RefusedNext how it will be when what waits is written.
	RefusedFile mark      `json:"refused_file,omitzero"`
	RefusedNext mark      `json:"refused_next,omitzero"`
	Aside       Aside     `json:"aside,omitzero"`
	At          time.Time `json:"at"`
}

// progress is the file in which a run notes how far it is. It only grows, line by line, so that whatever happens it ends in
// a whole line that was true; it is locked while the run goes on, and removed when it has ended well.
type progress struct {
	file *os.File
	path string
	// ahead is how many lines may be sent behind those that are noted, before another note is due.
	ahead int64

	mu sync.Mutex
	// first and last are what an interrupted run noted; first has no run when there was none.
	first, last note
}

// openProgress opens the file, makes it where it is missing, and reads what an interrupted run has noted.
func openProgress(path string) (*progress, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("progress file: %w", err)
	}
	p := &progress{file: f, path: path}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = conflict("another import of the same file is running")
		}
		return nil, errors.Join(err, f.Close())
	}
	if err := p.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("progress file: %w", err), f.Close())
	}
	return p, nil
}

// read takes the whole lines, up to one that an interrupted run has not ended, which goes.
func (p *progress) read() error {
	text, err := io.ReadAll(p.file)
	if err != nil {
		return err
	}
	whole := 0
	for line := range bytes.Lines(text) {
		var n note
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &n) != nil {
			break
		}
		if whole == 0 {
			p.first = n
		}
		p.last = n
		whole += len(line)
	}
	if _, err := p.file.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	return p.file.Truncate(int64(whole))
}

// begin forgets what was noted and notes the input and the run.
func (p *progress) begin(first note) error {
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("progress file: %w", err)
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("progress file: %w", err)
	}
	p.first, p.last = first, note{}
	if err := p.append(first); err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.path))
}

// append notes how far the run is, durably.
func (p *progress) append(n note) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n.SentTo = max(p.last.SentTo, n.Line+p.ahead)
	return p.keep(n)
}

// reserve notes that rows before a line are about to be sent, unless that is known, and as many lines more as may be.
func (p *progress) reserve(line int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line <= p.last.SentTo {
		return nil
	}
	n := p.last
	n.SentTo = line + p.ahead
	return p.keep(n)
}

func (p *progress) keep(n note) error {
	err := p.write(n)
	if err == nil {
		err = p.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("progress file: %w", err)
	}
	p.last = n
	return nil
}

func (p *progress) write(n note) error {
	b, err := json.Marshal(n)
	if err == nil {
		_, err = p.file.Write(append(b, '\n'))
	}
	return err
}

// announce notes how the file of refused rows is about to be, for a run that is killed then. A power cut may lose it.
func (p *progress) announce(next mark) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.last
	n.RefusedNext = next
	if err := p.write(n); err != nil {
		return fmt.Errorf("progress file: %w", err)
	}
	p.last = n
	return nil
}

// end lets go of the file, and removes it when the run has ended well, or not begun.
func (p *progress) end(done bool) error {
	if done || p.first.Run == "" {
		if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("progress file: %w", err), p.file.Close())
		}
	}
	return p.file.Close()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
