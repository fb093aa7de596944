package importer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// FuzzRun imports any file three times: checked only, in one go, and with an interruption before or after one of its
// transactions. Every row is counted once, refused rows are all in their file, and the interrupted import leaves the book, the
// counts and the refused rows that the one in one go leaves.
func FuzzRun(f *testing.F) {
	for _, text := range []string{
		"id,email,first_name\n1,ada@example.com,Ada\n2,ben@example.com,Ben\n,nobody@example.com,x\n1,ada@example.com,Eva\n",
		"external_id;number\r\n1;a\r\n2;a\r\n3;\"b\nc\"\r\n\r\n4;\"d\n", "\ufeffid|email\n1|x\n", "id\n", "", "\n\n", "id,id\n1,2\n",
		"id,type\n1,business\n2,none\n\xff,business\n4\n5,business\n6,business\n7,business\n8,business\n",
	} {
		f.Add(true, text, uint8(1))
		f.Add(true, text, uint8(4))
	}
	for _, text := range []string{
		`{"id":1,"email":"ada@example.com"}` + "\n" + `{"id":"2"}` + "\n[]\n{\n" + `{"id":3,"first_name":"A"}` + "\n" + `{"id":3,"first_name":"B"}`,
		"{}\n\n \n{\"id\":1,\"id\":2}", `{"id":1,"nick":"x"}`, "{\"id\":\"\u0000\"}\n{\"id\":4,\"number\":\"a\"}\n{\"id\":5,\"number\":\"a\"}",
	} {
		f.Add(false, text, uint8(2))
		f.Add(false, text, uint8(3))
	}
	s, projects := newShop(f), 0
	f.Fuzz(func(t *testing.T, isCSV bool, text string, stop uint8) {
		path := writeFile(t, map[bool]string{true: "a.csv", false: "a.ndjson"}[isCSV], text)
		in := func(change func(*Options)) (Report, error) {
			return s.load(t, path, func(o *Options) {
				o.Now, o.ProjectID = func() time.Time { return time.Unix(1_800_000_000, 0) }, s.project
				if change != nil {
					change(o)
				}
			})
		}
		anew := func() {
			projects++
			p, err := s.CreateProject(t.Context(), clientele.Project{Name: fmt.Sprint("p", projects), TimeZone: "Europe/Warsaw", CreatedAt: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			s.project, s.commits, s.before, s.after = p.ID, 0, nil, nil
		}
		anew()
		checked, err := in(func(o *Options) { o.DryRun = true })
		if err != nil {
			if kind := clientele.KindOf(err); kind != clientele.KindConflict && kind != clientele.KindInvalid {
				t.Fatalf("a file is refused with %v", err)
			}
			return
		}
		whole, err := in(nil)
		if err != nil {
			t.Fatalf("a file that was checked: %v", err)
		}
		rows, names, refused := whole.Rows(), s.names(t), refusedRows(t, isCSV, whole.RefusedFile)
		if checked.Rows() != rows || whole.Refused < checked.Refused || int(whole.Refused) != refused || int(whole.Created) != len(names) {
			t.Errorf("checked %+v, imported %+v, %d in the file of refused rows, %d customers", checked.Counts, whole.Counts, refused, len(names))
		}
		if want := int64(countLines(text)); !isCSV && rows != want {
			t.Errorf("%d rows, want %d", rows, want)
		}
		text1 := readRefused(t, whole.RefusedFile)
		anew()
		gone, n := clientele.Unavailable("gone", nil), 1+int(stop/2)%8
		fail := func(c int) error { return errorAt(c, n, gone) }
		if stop%2 == 0 {
			s.before = fail
		} else {
			s.after = fail
		}
		again, err := in(nil)
		if err != nil {
			if !errors.Is(err, gone) && clientele.KindOf(err) != clientele.KindUnavailable {
				t.Fatal(err)
			}
			s.before, s.after = nil, nil
			if again, err = in(nil); err != nil || !again.GoneOn {
				t.Fatalf("it does not go on: %+v, %v", again, err)
			}
		}
		if again.Rows() != rows || again.Refused != whole.Refused {
			t.Errorf("interrupted %+v, in one go %+v", again.Counts, whole.Counts)
		}
		if diff := cmp.Diff(names, s.names(t)); diff != "" {
			t.Errorf("the book (-in one go +interrupted):\n%s", diff)
		}
		if text2 := readRefused(t, again.RefusedFile); text2 != text1 {
			t.Errorf("refused in one go\n%s\ninterrupted\n%s", text1, text2)
		}
	})
}

// countLines returns how many lines are not blank.
func countLines(text string) (n int) {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if strings.Trim(line, " \t\r\n") != "" {
			n++
		}
	}
	return n
}

func readRefused(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// refusedRows returns how many rows a file of refused rows has.
func refusedRows(t *testing.T, isCSV bool, path string) int {
	t.Helper()
	text := readRefused(t, path)
	if !isCSV || text == "" {
		return strings.Count(text, "\n")
	}
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(bytes.NewReader([]byte(text)))
	r.Comma, r.FieldsPerRecord = rune(head[len("refused_line")]), -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatalf("the file of refused rows: %v\n%s", err, text)
	}
	return len(all) - 1
}
