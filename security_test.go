package clientele_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurity_NamesWhatIsThere: each test and each file that docs/security.md and the decision about brute force name as what
// holds a defence exists.
func TestSecurity_NamesWhatIsThere(t *testing.T) {
	var tests bytes.Buffer
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+|(?:internal|cmd|scripts|contrib)/[\\w/.]+|go\\.\\w+|Makefile)`")
	for _, file := range []string{"docs/security.md", "docs/decisions/0012-brute-force.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := named.FindAllSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s names nothing", file)
		}
		for _, f := range found {
			name := string(f[1])
			if strings.HasPrefix(name, "Test") {
				if !bytes.Contains(tests.Bytes(), []byte("func "+name+"(")) {
					t.Errorf("%s names %s, which is no test", file, name)
				}
			} else if _, err := os.Stat(name); err != nil {
				t.Errorf("%s names %s: %v", file, name, err)
			}
		}
	}
}
