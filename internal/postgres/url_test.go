package postgres_test

import (
	"strings"
	"testing"

	"clientele/internal/postgres"
)

// TestOpen_NeverShowsThePassword: whatever is wrong with the URL, the error tells, without a piece of the password.
func TestOpen_NeverShowsThePassword(t *testing.T) {
	for name, url := range map[string]string{
		"bad escape":               "postgres://somebody:gehe%im@localhost/book",
		"bad port":                 "postgres://somebody:geheim@localhost:many/book",
		"bad setting":              "postgres://somebody:geheim@localhost/book?sslmode=sometimes",
		"bad setting of the pool":  "postgres://somebody:geheim@localhost/book?pool_max_conns=many",
		"password as a setting":    "postgres://localhost/book?password=geheim&sslmode=sometimes",
		"bad attributes":           "postgres://somebody:geheim@a,b/book?target_session_attrs=sometimes",
		"keywords":                 "host=localhost user=somebody password=geheim sslmode=sometimes",
		"keywords with a slip":     "host=localhost password='geheim",
		"no URL at all":            "geheim",
		"another scheme":           "mysql://somebody:geheim@localhost/book",
		"a blank in the password":  "postgres://somebody:ge heim@localhost/book",
		"a slash in the password":  "postgres://somebody:ge/heim@localhost/book",
		"an at sign in a password": "postgres://somebody:ge@heim@localhost:x/book",
	} {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: url})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		for _, piece := range []string{"geheim", "gehe", "heim"} {
			if strings.Contains(err.Error(), piece) {
				t.Errorf("%s: %q in the error: %v", name, piece, err)
			}
		}
	}
}

// TestOpen_SaysWhatIsWrong where it can.
func TestOpen_SaysWhatIsWrong(t *testing.T) {
	_, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://somebody:geheim@localhost/book?sslmode=sometimes"})
	if err == nil || !strings.Contains(err.Error(), "sslmode") || !strings.Contains(err.Error(), "somebody@localhost") {
		t.Errorf("error %v; want it to name sslmode and the server", err)
	}
}
