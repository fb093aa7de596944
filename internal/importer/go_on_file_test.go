package importer

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestRun_GoesOnInAChangedFile: what was imported must be as it was; what comes behind it is read anew. Rows without external id are
// not doubled, and nobody is advised to double them.
func TestRun_GoesOnInAChangedFile(t *testing.T) {
	change := func(from, to string) func(string) string {
		return func(text string) string { return strings.Replace(text, from, to, 1) }
	}
	for _, tt := range []struct {
		name   string
		change func(text string) string
		noted  bool // else the run was killed before its first note
		says   string
		want   Counts
	}{
		{"touched", change("", ""), true, "", Counts{Created: 19}},
		{"a row to come", change("n017", "N017"), true, "", Counts{Created: 19}},
		{"a row more", change("n018\n", "n018\n,n019\n"), true, "", Counts{Created: 20}},
		{"a row that was sent and not noted", change("n004", "N004"), false, "", Counts{Created: 18, Refused: 1}},
		{"a row that was imported", change("n004", "N004"), true, "changed in the rows before line 11", Counts{}},
		{"a row that was imported is gone", change(",n004\n", ""), true, "import the rows from line 11 on", Counts{}},
		{"cut off", func(text string) string { return text[:50] }, true, "once more", Counts{}},
		{"a mark at its beginning", change("id", "\ufeffid"), true, "since --restart would", Counts{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			path := writeFile(t, "a.csv", rows(19, false))
			options := func(o *Options) {
				eachNoted(o)
				o.AllowWithoutID = true
			}
			s.interrupted(t, path, 4, options)
			if !tt.noted {
				killed(t, path)
			}
			if err := os.WriteFile(path, []byte(tt.change(rows(19, false))), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if tt.says != "" {
				s.wantConflict(t, path, options, tt.says)
				return
			}
			r := s.wants(t, path, options, tt.want)
			if !r.GoneOn || int64(len(s.names(t))) != max(19, tt.want.Created) {
				t.Errorf("report %+v, %d customers", r, len(s.names(t)))
			}
			if tt.want.Refused > 0 && !strings.Contains(readFile(t, r.RefusedFile), "\n6,\""+reasonChanged) {
				t.Errorf("refused\n%s", readFile(t, r.RefusedFile))
			}
		})
	}
}
