package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// label says what is in a file of refused rows by its last column.
func label(t *testing.T, path string) string {
	t.Helper()
	_, refused, _ := strings.Cut(readFile(t, path), "\n")
	var of []string
	for line := range strings.Lines(refused) {
		of = append(of, strings.TrimSpace(line[strings.LastIndex(line, ",")+1:]))
	}
	return strings.Join(of, " ")
}

// needAttributes fails where the file system has no extended attributes: what is replaced could not be told there.
func needAttributes(t *testing.T) {
	t.Helper()
	if err := unix.Setxattr(t.TempDir(), signatureName, []byte("x"), 0); err != nil {
		t.Fatalf("no extended attributes in %s: name a directory that has them with TMPDIR: %v", os.TempDir(), err)
	}
}

// TestRun_ReplacesWhatComesAgainOnly: a file of refused rows is replaced by the same import as long as nobody has changed it, and every
// other one stays, in its place or aside. A dry run moves none.
func TestRun_ReplacesWhatComesAgainOnly(t *testing.T) {
	needAttributes(t)
	for _, tt := range []struct {
		name string
		// steps are runs, each with a row that is refused and named by the number of the step, and what is done in between.
		steps   string
		earlier string
		want    map[string]string
	}{
		{"changed by nobody", "import import", "", map[string]string{"": "1"}},
		{"mended", "import mend import", ".1", map[string]string{"": "2", ".1": "0 mended"}},
		{"mended twice", "import mend import mend import", ".2", map[string]string{"": "4", ".1": "0 mended", ".2": "2 mended"}},
		{"mended, and none is refused", "import mend good", ".1", map[string]string{".1": "0 mended"}},
		{"changed by nobody, and none is refused", "import good", "", map[string]string{}},
		{"dry runs", "dry dry import", "", map[string]string{"": "2"}},
		{"dry runs after an import", "import dry dry", "", map[string]string{"": "0", ".1": "2"}},
		{"a dry run beside what was mended", "import mend dry", "", map[string]string{"": "0 mended", ".1": "2"}},
		{"a dry run in which none is refused", "dry good-dry", "", map[string]string{"": "0"}},
		{"another import", "other import", ".1", map[string]string{"": "1", ".1": "0"}},
		{"standard input", "stdin stdin", ".1", map[string]string{"": "1", ".1": "0"}},
		{"not signed", "import unsign import", ".1", map[string]string{"": "2", ".1": "0"}},
		{"empty", "empty import", "", map[string]string{"": "1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			dir := t.TempDir()
			refused := filepath.Join(dir, "refused.csv")
			var last Report
			for i, step := range strings.Fields(tt.steps) {
				last = s.step(t, dir, step, i)
			}
			if want := strings.Replace(refused, ".csv", tt.earlier+".csv", 1); tt.earlier != "" && last.EarlierFile != want || tt.earlier == "" && last.EarlierFile != "" {
				t.Errorf("set aside as %q", last.EarlierFile)
			}
			if n := fmt.Sprint(len(strings.Fields(tt.steps)) - 1); last.Refused > 0 && label(t, last.RefusedFile) != n {
				t.Errorf("the refused rows are not in %s", last.RefusedFile)
			}
			got := map[string]string{}
			files, err := filepath.Glob(filepath.Join(dir, "refused*"))
			for _, file := range files {
				suffix := strings.TrimSuffix(strings.TrimPrefix(file, strings.TrimSuffix(refused, ".csv")), ".csv")
				got[suffix] = label(t, file)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// step does the n-th thing with the file of refused rows, or with an import that writes it.
func (s *shop) step(t *testing.T, dir, step string, n int) Report {
	t.Helper()
	refused := filepath.Join(dir, "refused.csv")
	var err error
	switch step {
	case "mend":
		err = os.WriteFile(refused, []byte(readFile(t, refused)+"x,x,7,mended\n"), 0o600)
	case "unsign":
		err = unix.Removexattr(refused, signatureName)
	case "empty":
		err = os.WriteFile(refused, nil, 0o600)
	default:
		return s.run(t, dir, step, n)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Report{}
}

func (s *shop) run(t *testing.T, dir, step string, n int) Report {
	t.Helper()
	path, text, want := filepath.Join(dir, "a.csv"), fmt.Sprintf("id,first_name\n,%d\n", n), Counts{Refused: 1}
	switch step {
	case "good":
		text, want = "id,first_name\n1,Ada\n", Counts{Created: 1}
	case "good-dry":
		text, want = "id,first_name\n1,Ada\n", Counts{Checked: 1}
	case "other":
		path = filepath.Join(dir, "b.csv")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.wants(t, path, func(o *Options) {
		o.Refused, o.DryRun = filepath.Join(dir, "refused.csv"), strings.HasSuffix(step, "dry")
		if step == "stdin" {
			o.Name = "-"
		}
	}, want)
}

// TestRun_RefusesToTakeAnotherFileAway that has no refused rows, or into which another import writes, and leaves nothing behind.
func TestRun_RefusesToTakeAnotherFileAway(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(3, true))
	customers := writeFile(t, "customers.csv", rows(9, true))
	written := writeFile(t, "refused.csv", "refused_reason;id;refused_line\nx;;2\n")
	held, err := os.Open(written)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{customers: "no file of refused rows", written: "another import"} {
		before := readFile(t, file)
		for _, dry := range []bool{true, false} {
			s.wantConflict(t, path, func(o *Options) { o.Refused, o.DryRun = file, dry }, says)
		}
		list, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(list) != 1 || readFile(t, file) != before {
			t.Errorf("there are %v (%v)", list, err)
		}
	}
	if s.commits > 0 {
		t.Error("something was imported")
	}
}

// TestRun_TellsOfEarlierRowsInTheEnd, also when it was interrupted in between.
func TestRun_TellsOfEarlierRowsInTheEnd(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", withRefused())
	refused := path + ".refused.csv"
	const mended = "\ufeff\"Refused Line\";refused_reason;id\nx;x;7\n" // by a spreadsheet
	if err := os.WriteFile(refused, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	s.interrupted(t, path, 5, eachNoted)
	r := s.wants(t, path, eachNoted, Counts{Created: 19, Refused: 4})
	want := path + ".refused.1.csv"
	if !r.GoneOn || r.EarlierFile != want || readFile(t, want) != mended || r.Aside.Rows != 0 || strings.Count(readFile(t, refused), "\n") != 5 {
		t.Errorf("report %+v, refused rows\n%s", r, readFile(t, refused))
	}
	if _, err := os.Stat(refused + ".progress"); err == nil {
		t.Error("the progress file is left behind")
	}
}
