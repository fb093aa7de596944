package faulttest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// replay does to a disk what a recording of one process says.
type replay struct {
	disk *Disk
	open map[int64]opened
}

// opened is an open file; one of another directory than the disk's has no content.
type opened struct {
	path string
	file *content
}

// Steps is how many calls the recording has.
func (r *Recording) Steps() int { return len(r.events) }

// Replay plays a recording back. After each call it calls each with the number of calls so far, and the requests that had begun
// to be answered.
func (d *Disk) Replay(recording *Recording, each func(step int, answered map[string]bool) error) error {
	r := &replay{disk: d, open: map[int64]opened{}}
	known, answers := map[string]bool{}, recording.answers
	for i := range recording.events {
		e := &recording.events[i]
		if err := r.do(e); err != nil {
			return fmt.Errorf("replay line %d: %w", e.end+1, err)
		}
		for ; len(answers) > 0 && answers[0].line <= e.end; answers = answers[1:] {
			known[answers[0].request] = true
		}
		if err := each(i+1, known); err != nil {
			return err
		}
	}
	return nil
}

// do carries out one call. A call that the replay does not know must not be about it.
func (r *replay) do(e *event) error {
	switch e.call {
	case "openat", "open":
		return r.doOpen(e)
	case "close":
		fd, err := e.number(0)
		delete(r.open, fd)
		return err
	case "pwrite64", "write", "ftruncate", "fsync", "fdatasync":
		return r.doFile(e)
	case "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat":
		return r.doName(e)
	default:
		return r.refuse(e)
	}
}

// doOpen opens a file, and makes it where it is missing.
func (r *replay) doOpen(e *event) error {
	first := 0
	if e.call == "openat" {
		first = 1
	}
	path, flags := r.path(e, first), strings.Split(e.args[first+1], "|")
	if e.failed {
		return nil
	}
	r.open[e.result] = opened{path: path}
	if !r.disk.contains(path) {
		return nil
	}
	if slices.Contains(flags, "O_APPEND") || slices.Contains(flags, "O_TMPFILE") {
		return fmt.Errorf("%s is opened with %v, which the replay does not know", path, flags)
	}
	c := r.disk.seen[path]
	if c == nil {
		c = &content{}
		r.disk.name(path, c)
	}
	if slices.Contains(flags, "O_TRUNC") {
		c.pending = append(c.pending, edit{})
	}
	r.open[e.result] = opened{path, c}
	return nil
}

// doFile does something to an open file. Of a descriptor that it has not seen opened only write is no call about a file.
func (r *replay) doFile(e *event) error {
	fd, err := e.number(0)
	o, known := r.open[fd]
	switch {
	case err != nil:
		return err
	case !known && e.call != "write":
		return fmt.Errorf("%s of %d, which nobody has opened", e.call, fd)
	case o.file == nil:
		return nil
	case e.call == "fsync" || e.call == "fdatasync":
		if e.failed {
			r.disk.failSync(o.file)
		} else {
			r.disk.sync(o.path, o.file)
		}
		return nil
	case e.failed:
		return nil
	case e.call == "ftruncate":
		size, err := e.number(1)
		o.file.pending = append(o.file.pending, edit{at: size})
		return err
	case e.call == "write":
		return fmt.Errorf("%s is written at a place that the replay does not know", o.path)
	}
	at, err := e.number(3)
	o.file.pending = append(o.file.pending, edit{at, []byte(e.args[1])[:e.result]})
	return err
}

// doName carries out what changes names.
func (r *replay) doName(e *event) error {
	var paths []string
	for _, i := range map[string][]int{
		"mkdir": {0}, "mkdirat": {1}, "unlink": {0}, "unlinkat": {1}, "rmdir": {0},
		"rename": {0, 1}, "renameat": {1, 3}, "renameat2": {1, 3}, "link": {0, 1}, "linkat": {1, 3},
	}[e.call] {
		paths = append(paths, r.path(e, i))
	}
	if e.failed || !r.disk.contains(paths[0]) && !r.disk.contains(paths[len(paths)-1]) {
		return nil
	}
	file := r.disk.seen[paths[0]]
	switch e.call {
	case "mkdir", "mkdirat":
		r.disk.name(paths[0], &content{isDir: true})
	case "unlink", "unlinkat", "rmdir":
		r.disk.name(paths[0], nil)
	case "link", "linkat":
		r.disk.name(paths[1], file)
	default:
		r.disk.name(paths[1], file)
		r.disk.name(paths[0], nil)
	}
	return nil
}

// refuse fails when a call that the replay does not know is about a file of the disk.
func (r *replay) refuse(e *event) error {
	path := r.path(e, min(1, len(e.args)-1))
	if fd, err := e.number(0); err == nil && r.open[fd].file != nil {
		path = r.open[fd].path
	}
	if r.disk.contains(path) || r.disk.contains(e.args[0]) {
		return fmt.Errorf("%s of %s, which the replay does not know", e.call, path)
	}
	return nil
}

// path returns an argument that is a path; one that is none by itself is one in the directory before it.
func (r *replay) path(e *event, i int) string {
	path := e.args[i]
	if !filepath.IsAbs(path) && i > 0 {
		if fd, err := e.number(i - 1); err == nil {
			path = filepath.Join(r.open[fd].path, path)
		}
	}
	return filepath.Clean(path)
}
