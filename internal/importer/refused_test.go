package importer

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// withRefused are rows with three among the first of them that are refused, and one further on.
func withRefused() string {
	text := strings.Replace(rows(19, true), "c001,n001\n", "c001,n001\n,a\n,b\n,c\n", 1)
	return strings.Replace(text, "c017,n017\n", "c017,n017\n,d\n", 1)
}

// plainRefused are the lines of a file of refused rows with x for line and reason.
func plainRefused(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if _, row, found := strings.Cut(line, `with --allow-without-id",`); found {
			line = "x,x," + row
		}
		b.WriteString(line)
	}
	return b.String()
}

// eachNoted has a note written after every chunk.
func eachNoted(o *Options) {
	var noted atomic.Int64
	o.Now = func() time.Time { return time.Unix(1_800_000_000, noted.Add(int64(noteEvery))) }
}

// TestRun_GoesOnWithRefusedRows: what somebody did to the file of refused rows while the import was interrupted is not lost.
func TestRun_GoesOnWithRefusedRows(t *testing.T) {
	const head, first, last = "refused_line,refused_reason,id,first_name\n", "x,x,,a\nx,x,,b\nx,x,,c\n", "x,x,,d\n"
	for _, tt := range []struct {
		name  string
		after func(text string) string // the interruption; "" to remove the file
		want  string
		rows  int64
		aside string // "" for no file
	}{
		{"as it was", func(text string) string { return text }, head + first + last, 0, ""},
		{"mended in place", func(text string) string { return strings.Replace(text, ",,b", ",7,Ben", 1) }, head + last, 3, head + "x,x,,a\nx,x,7,Ben\nx,x,,c\n"},
		{"of the same length", func(text string) string { return strings.Replace(text, ",,b", ",,B", 1) }, head + last, 3, head + "x,x,,a\nx,x,,B\nx,x,,c\n"},
		{"a row less", func(text string) string { return text[:strings.LastIndex(text[:len(text)-1], "\n")+1] }, head + last, 3, head + "x,x,,a\nx,x,,b\n"},
		{"a row more", func(text string) string { return text + "x,x,8,Eva\n" }, head + last, 3, head + first + "x,x,8,Eva\n"},
		{"taken away", func(string) string { return "" }, head + last, 3, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			path := writeFile(t, "a.csv", withRefused())
			refused := path + ".refused.csv"
			s.interrupted(t, path, 5, eachNoted)
			changed := tt.after(readFile(t, refused))
			err := os.WriteFile(refused, []byte(changed), 0o600)
			if changed == "" {
				err = os.Remove(refused)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.interrupted(t, path, 1, eachNoted) // what was set aside is told in the end
			r := s.wants(t, path, eachNoted, Counts{Created: 19, Refused: 4})
			if diff := cmp.Diff(tt.want, plainRefused(readFile(t, refused))); diff != "" || r.Aside.Rows != tt.rows {
				t.Errorf("aside %+v, refused rows %s", r.Aside, diff)
			}
			if tt.aside == "" {
				if len(r.Aside.Files) != 0 {
					t.Errorf("aside %+v", r.Aside)
				}
				return
			}
			if diff := cmp.Diff([]string{path + ".refused.1.csv"}, r.Aside.Files); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(tt.aside, plainRefused(readFile(t, r.Aside.Files[0]))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRun_KilledBehindRefusedRows: what the run itself wrote behind its last note was changed by nobody.
func TestRun_KilledBehindRefusedRows(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", withRefused())
	s.interrupted(t, path, 5, eachNoted)
	progress := path + ".refused.csv.progress"
	text := readFile(t, progress)
	announced := strings.Index(text, "refused_next")
	killed := text[:announced+strings.Index(text[announced:], "\n")+1]
	if announced < 0 || killed == text {
		t.Fatalf("nothing is announced: %s", text)
	}
	if err := os.WriteFile(progress, []byte(killed), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.load(t, path, eachNoted)
	if err != nil || !r.GoneOn || r.Refused != 4 || r.Aside.Rows != 0 || strings.Count(readFile(t, r.RefusedFile), "\n") != 5 {
		t.Errorf("report %+v, error %v, refused rows\n%s", r, err, readFile(t, r.RefusedFile))
	}
}

// TestRun_StandardInput: the refused rows of one run are not touched by the next, whatever standard input is.
func TestRun_StandardInput(t *testing.T) {
	s := newShop(t)
	t.Chdir(t.TempDir())
	in := func(month string) func(*Options) {
		return func(o *Options) { o.Name, o.NewRun = "-", func() string { return "import-" + month } }
	}
	for _, month := range []string{"january", "february"} {
		r := s.wants(t, writeFile(t, "a.csv", "id,first_name\n,"+month+"\n"), in(month), Counts{Refused: 1})
		if want := "stdin.import-" + month + ".refused.csv"; r.RefusedFile != want {
			t.Errorf("refused rows in %s, want %s", r.RefusedFile, want)
		}
	}
	s.wants(t, writeFile(t, "a.csv", "id,first_name\n1,march\n"), in("march"), Counts{Created: 1})
	if list, err := filepath.Glob("*"); err != nil || len(list) != 2 {
		t.Errorf("there are %v (%v), want the refused rows of two runs", list, err)
	}
}
