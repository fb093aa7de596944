package faulttest

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Disk is what a power cut leaves of a directory. Of each file it knows what a sync made durable, and what was done to it since:
// of that any part may be on the disk. So of each name: it is durable when its directory was synced, whatever was done to the
// file. That is what POSIX promises, and less than what most file systems do.
type Disk struct {
	root   string
	random *rand.Rand
	// deaf makes it ignore syncs, as a disk that lies or a program that makes none.
	deaf bool
	// seen are the files by their names, as processes see them, and safe as they are on the disk. A directory has no content.
	seen, safe map[string]*content
	renamed    []naming // since their directories were synced, in order
}

// content is a file or a directory.
type content struct {
	isDir   bool
	durable []byte
	pending []edit
}

// edit is a write, or a truncation where data is nil.
type edit struct {
	at   int64
	data []byte
}

// naming gives a name to a file, or takes it where file is nil.
type naming struct {
	name string
	file *content
}

// NewDisk returns a disk with a directory named root, in which all that is in from is durable.
func NewDisk(root, from string, random *rand.Rand) (*Disk, error) {
	d := &Disk{root: root, random: random, seen: map[string]*content{}}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		c := &content{isDir: entry.IsDir()}
		if !c.isDir {
			c.durable, err = os.ReadFile(path)
		}
		d.seen[filepath.Join(root, strings.TrimPrefix(path, from))] = c
		return err
	})
	d.safe = maps.Clone(d.seen)
	return d, err
}

func (d *Disk) contains(path string) bool {
	return path == d.root || strings.HasPrefix(path, d.root+"/")
}

// name gives the name to the file; it takes the name where the file is nil.
func (d *Disk) name(path string, file *content) {
	if file == nil {
		delete(d.seen, path)
	} else {
		d.seen[path] = file
	}
	d.renamed = append(d.renamed, naming{path, file})
}

// sync makes durable what was done to a file, or to the names in a directory.
func (d *Disk) sync(path string, c *content) {
	if d.deaf {
		return
	}
	c.durable = apply(c.durable, c.pending)
	c.pending = nil
	if !c.isDir {
		return
	}
	d.renamed = slices.DeleteFunc(d.renamed, func(n naming) bool {
		here := filepath.Dir(n.name) == path
		if here {
			give(d.safe, n)
		}
		return here
	})
}

// failSync is a sync that failed: of what was not durable any part is on the disk, and the system holds the rest for clean, so
// that no later sync writes it.
func (d *Disk) failSync(c *content) {
	c.durable = apply(c.durable, d.survivors(c.pending))
	c.pending = nil
}

func give(names map[string]*content, n naming) {
	if n.file == nil {
		delete(names, n.name)
	} else {
		names[n.name] = n.file
	}
}

// apply returns what the changes make of a file; it leaves durable as it is.
func apply(durable []byte, changes []edit) []byte {
	if len(changes) == 0 {
		return durable
	}
	b := slices.Clone(durable)
	for _, c := range changes {
		end := c.at + int64(len(c.data))
		if int64(len(b)) < end {
			b = append(b, make([]byte, end-int64(len(b)))...)
		}
		if c.data == nil {
			b = b[:c.at]
		}
		copy(b[c.at:], c.data)
	}
	return b
}

// survivors draws which of the changes since the last sync a power cut leaves.
func (d *Disk) survivors(changes []edit) []edit {
	if len(changes) == 0 {
		return nil
	}
	switch d.random.IntN(5) {
	case 0:
		return nil
	case 1:
		return changes
	case 2:
		return changes[:d.random.IntN(len(changes)+1)]
	default:
		return d.sectors(changes)
	}
}

// sectors draws some sectors of each write.
func (d *Disk) sectors(changes []edit) (some []edit) {
	size, part := int64(512), []float64{0.1, 0.5, 0.9}[d.random.IntN(3)]
	if d.random.IntN(2) == 0 {
		size = 4096
	}
	for _, c := range changes {
		if c.data == nil {
			if d.random.Float64() < part {
				some = append(some, c)
			}
			continue
		}
		for at := c.at; at < c.at+int64(len(c.data)); {
			end := min((at/size+1)*size, c.at+int64(len(c.data)))
			if d.random.Float64() < part {
				some = append(some, edit{at, c.data[at-c.at : end-c.at]})
			}
			at = end
		}
	}
	return some
}

// Cut writes what a power cut leaves now into the directory to, which stands for the root.
func (d *Disk) Cut(to string) error {
	names := maps.Clone(d.safe)
	kept := d.renamed
	switch d.random.IntN(4) {
	case 0:
		kept = nil
	case 1:
		kept = kept[:d.random.IntN(len(kept)+1)]
	case 2:
		kept = slices.DeleteFunc(slices.Clone(kept), func(naming) bool { return d.random.IntN(2) == 0 })
	}
	for _, n := range kept {
		give(names, n)
	}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		c, there := names[path], filepath.Join(to, strings.TrimPrefix(path, d.root))
		if path != d.root && names[filepath.Dir(path)] == nil {
			delete(names, path) // its directory is gone, and it with it
			continue
		}
		var err error
		if c.isDir {
			err = os.MkdirAll(there, 0o700)
		} else {
			err = os.WriteFile(there, apply(c.durable, d.survivors(c.pending)), 0o600)
		}
		if err != nil {
			return fmt.Errorf("power cut: %w", err)
		}
	}
	return nil
}
