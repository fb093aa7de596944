package postgres_test

import (
	"strings"
	"testing"

	"clientele/internal/postgres"
)

func TestName_HasNoSecrets(t *testing.T) {
	t.Setenv("PGHOST", "")
	t.Setenv("PGPORT", "")
	for url, want := range map[string]string{
		"postgres://ada:s3cret@db.example.com/book":                                           "postgres://db.example.com:5432/book",
		"postgres://ada:s3cret@a:5433,b:5434/book?target_session_attrs=read-write":            "postgres://a:5433,b:5434/book",
		"postgresql://ada@[2001:db8::1]:5433/book?password=s3cret&sslmode=prefer":             "postgres://[2001:db8::1]:5433/book",
		"host=a,b port=5433 user=ada password=s3cret dbname='my book' sslmode=require":        "postgres://a:5433,b:5433/my book",
		"postgres://ada:s3cret@/book?host=/run/postgresql&sslmode=disable&application_name=x": "postgres:///run/postgresql:5432/book",
	} {
		got, err := postgres.Name(url)
		if err != nil || got != want {
			t.Errorf("Name of a URL: %q, %v; want %q", got, err, want)
		}
	}
	for _, url := range []string{"postgres://ada:s3cret@db:x/book", "mysql://ada:s3cret@db/book", "postgres://ada:s3cret@db/book?sslmode=s3cret", "s3cret"} {
		name, err := postgres.Name(url)
		if err == nil || strings.Contains(err.Error(), "ada:s3cret") || name != "" {
			t.Errorf("Name of a URL that is none: %q, %v", name, err)
		}
	}
}
