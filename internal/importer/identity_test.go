package importer

import (
	"strings"
	"testing"
)

// TestRun_GoesOnWithTheSameOptionsOnly: rows that were read in another way would stay beside those that come.
func TestRun_GoesOnWithTheSameOptionsOnly(t *testing.T) {
	mapping := func(from, to string) func(*Options) {
		return func(o *Options) { o.Columns = map[string]string{from: to} }
	}
	ndjson := "{}\n" + strings.Repeat(`{"id":"1"}`+"\n", 19)
	csv := "id;Vorname\n" + strings.Repeat("1;a,b\n", 19)
	for _, tt := range []struct {
		name, file, text string
		first, second    func(*Options)
		differs          string // "" for nothing that matters
	}{
		{"columns of CSV", "a.csv", csv, mapping("Vorname", "last_name"), mapping("Vorname", "first_name"), "(--column)"},
		{"columns of NDJSON", "a.ndjson", ndjson, mapping("Vorname", "last_name"), mapping("Vorname", "first_name"), "(--column)"},
		{"written otherwise", "a.csv", csv, mapping("Vorname", "first_name"), mapping("vor-name", "First Name"), ""},
		{"passed over in two ways", "a.csv", csv, mapping("Vorname", "-"), func(o *Options) { o.IgnoreUnknown = true }, ""},
		{"unknown members", "a.ndjson", ndjson, nil, func(o *Options) { o.IgnoreUnknown = true }, "(--ignore-unknown)"},
		{"without ids", "a.ndjson", ndjson, nil, func(o *Options) { o.AllowWithoutID = true }, "(--allow-without-id)"},
		{
			"delimiter", "a.csv", csv, mapping("Vorname", "-"),
			func(o *Options) {
				o.Delimiter, o.IgnoreUnknown, o.Columns = ',', true, map[string]string{"id;Vorname": "id"}
			},
			"(--delimiter, --column)",
		},
		{
			"format", "a", ndjson, nil,
			func(o *Options) { o.Format, o.Columns = CSV, map[string]string{"{}": "id"} }, "(--format, --delimiter, --column)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			path := writeFile(t, tt.file, tt.text)
			with := func(change func(*Options)) func(*Options) {
				return func(o *Options) {
					if o.Refused = path + ".refused"; change != nil {
						change(o)
					}
				}
			}
			if tt.differs != "" {
				s.interrupted(t, path, 1, with(tt.first))
				s.wantConflict(t, path, with(tt.second), tt.differs)
			} else {
				s.interrupted(t, path, 2, with(tt.first))
				if r, err := s.load(t, path, with(tt.second)); err != nil || !r.GoneOn {
					t.Errorf("report %+v, error %v", r, err)
				}
			}
		})
	}
}
