package importer

import (
	"encoding/hex"
	"hash"
	"maps"
	"slices"
)

// identity tells one import from another.
type identity struct {
	Book    string  `json:"book"`
	Project string  `json:"project"`
	Reading reading `json:"reading"`
}

func identityOf(in *input, o *Options) identity { return identity{o.Book, o.Project, readingOf(in, o)} }

// passed returns how the bytes up to a place are noted.
func passed(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

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
