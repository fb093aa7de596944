package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"slices"
)

// identity tells one input, on its way into one project, from another.
type identity struct {
	Book    string `json:"book"`
	Project string `json:"project"`
	Size    int64  `json:"size"`
	// ModifiedAt is in microseconds since 1970: who mends a row that was passed already must not have it passed over.
	ModifiedAt int64 `json:"modified_at"`
	// Beginning is a SHA-256 of the first MiB.
	Beginning string  `json:"beginning"`
	Reading   reading `json:"reading"`
}

const beginningBytes = 1 << 20

func identify(f *os.File, in *input, o *Options) (id identity, err error) {
	info, err := f.Stat()
	if err != nil {
		return id, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, beginningBytes)); err != nil {
		return id, err
	}
	return identity{
		Book: o.Book, Project: o.Project, Size: info.Size(), ModifiedAt: info.ModTime().UnixMicro(), Beginning: hex.EncodeToString(h.Sum(nil)),
		Reading: readingOf(in, o),
	}, nil
}

// isOf reports whether the file is the one that was noted.
func (id *identity) isOf(was *identity) bool {
	return id.Size == was.Size && id.ModifiedAt == was.ModifiedAt && id.Beginning == was.Beginning
}

// reading is all that decides what a row means.
type reading struct {
	Format    Format `json:"format"`
	Delimiter string `json:"delimiter,omitzero"`
	// Columns are of CSV what each column of the header stands for, and of NDJSON what names were mapped to.
	Columns []string `json:"columns"`
	// IgnoreUnknown is of NDJSON; of CSV it is in Columns.
	IgnoreUnknown  bool `json:"ignore_unknown,omitzero"`
	AllowWithoutID bool `json:"allow_without_id,omitzero"`
}

func readingOf(in *input, o *Options) reading {
	r := reading{Format: in.format, AllowWithoutID: o.AllowWithoutID}
	if in.format == CSV {
		r.Delimiter = string(in.splitter.comma)
		for _, t := range in.header.columns {
			r.Columns = append(r.Columns, t.name())
		}
		return r
	}
	r.IgnoreUnknown = o.IgnoreUnknown
	for _, from := range slices.Sorted(maps.Keys(o.Columns)) {
		r.Columns = append(r.Columns, plain(from)+"="+in.names.known[plain(from)].name())
	}
	return r
}

// differing returns the options by which two readings are not the same.
func (r *reading) differing(other *reading) (options []string) {
	for _, o := range []struct {
		name string
		same bool
	}{
		{"--format", r.Format == other.Format},
		{"--delimiter", r.Delimiter == other.Delimiter},
		{"--column", slices.Equal(r.Columns, other.Columns)},
		{"--ignore-unknown", r.IgnoreUnknown == other.IgnoreUnknown},
		{"--allow-without-id", r.AllowWithoutID == other.AllowWithoutID},
	} {
		if !o.same {
			options = append(options, o.name)
		}
	}
	return options
}
