package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
)

// explain returns what an operator should read of an error: the sentence of a refusal without the operations around it,
// and everything of a failure.
func explain(err error) string {
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind == clientele.KindInternal || e.Kind == clientele.KindUnavailable || e.Message == "" {
		return err.Error()
	}
	return e.Message
}

// usage returns an error that ends the program with status 2.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// printJSON prints v as one JSON object on one line.
func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// printTable prints rows under a heading, in columns.
func printTable(w io.Writer, heading string, rows []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, heading)
	for _, row := range rows {
		fmt.Fprintln(t, row)
	}
	return t.Flush()
}

// stamp renders a time for people and for JSON; "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// orDash returns s, or a dash in place of nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
