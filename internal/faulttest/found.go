package faulttest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"clientele/internal/verify"

	"github.com/go-json-experiment/json"
)

// Found is what a book holds of what was written to it.
type Found struct {
	changes     []change
	submissions map[string]submission // by the request that submitted it
	twice       []string              // requests with two submissions
}

type change struct {
	seq       int64
	subject   string
	subjectID int64
	action    string
	requestID string
	values    map[string]any
}

type submission struct{ id, status string }

// Querier is a database of either kind, or a transaction of one.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Read reads what a book of either kind holds.
func Read(ctx context.Context, db Querier) (*Found, error) {
	f := &Found{submissions: map[string]submission{}}
	err := query(ctx, db, `SELECT seq, subject, subject_id, action, request_id, new_values FROM change ORDER BY seq`,
		func(scan func(...any) error) error {
			var c change
			var text []byte
			if err := scan(&c.seq, &c.subject, &c.subjectID, &c.action, &c.requestID, &text); err != nil {
				return err
			}
			f.changes = append(f.changes, c)
			return json.Unmarshal(text, &f.changes[len(f.changes)-1].values)
		})
	if err != nil {
		return nil, err
	}
	err = query(ctx, db, `SELECT id, request_id, status FROM submission`, func(scan func(...any) error) error {
		var s submission
		var request string
		err := scan(&s.id, &request, &s.status)
		if f.submissions[request].id != "" {
			f.twice = append(f.twice, request)
		}
		f.submissions[request] = s
		return err
	})
	return f, err
}

func query(ctx context.Context, db Querier, statement string, row func(scan func(...any) error) error) error {
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Unfinished counts the submissions that have not come to their end.
func (f *Found) Unfinished() (n int) {
	for _, s := range f.submissions {
		if s.status != "Succeeded" && s.status != "Failed" {
			n++
		}
	}
	return n
}

// Check holds what was found against what was sent, and returns each violation as a sentence: an acknowledged write is there
// once and as it was answered, any other once or not at all, and what a connection wrote one after the other stands in that
// order. A submission that is not finished has no effect yet.
func (f *Found) Check(crowds ...*Crowd) (violations []string) {
	byRequest := map[string][]*change{}
	for i := range f.changes {
		c := &f.changes[i]
		byRequest[c.requestID] = append(byRequest[c.requestID], c)
	}
	for _, request := range f.twice {
		violations = append(violations, fmt.Sprintf("DOUBLED: request %s made two submissions", request))
	}
	sent := 0
	for _, crowd := range crowds {
		for _, j := range crowd.Journals {
			var order, later int64 // of the last change that was answered, and of the last that was carried out later
			for _, w := range j {
				made := byRequest[w.ID]
				if len(made) > 0 {
					sent++
				}
				violations = append(violations, f.checkWrite(w, made)...)
				if len(made) == 0 || w.Status == 0 || w.Repeated {
					continue
				}
				last := &order
				if w.Kind.isSubmission() {
					last = &later
				}
				if made[0].seq <= *last {
					violations = append(violations, fmt.Sprintf("ORDER: %s %s stands before what was acknowledged before it was sent", w.Kind, w.ID))
				}
				*last = made[0].seq
			}
		}
	}
	if sent < len(byRequest) {
		violations = append(violations, fmt.Sprintf("INVENTED: %d requests made changes, %d of them were sent", len(byRequest), sent))
	}
	return violations
}

// checkWrite holds the changes that one write made against it.
func (f *Found) checkWrite(w *Write, made []*change) (violations []string) {
	violation := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf("%s %s, answered %d: ", w.Kind, w.ID, w.Status)+fmt.Sprintf(format, args...))
	}
	want := 1
	if w.Kind.isSubmission() {
		s, accepted := f.submissions[w.ID]
		switch {
		case w.Status != 0 && !accepted:
			violation("LOST: the submission is not there")
		case w.Status != 0 && s.id != w.Reference:
			violation("the submission is %s, not %s as answered", s.id, w.Reference)
		case s.status == "Failed":
			violation("the submission failed")
		}
		if s.status != "Succeeded" {
			want = 0
		} else if len(made) == 0 {
			violation("LOST: the submission succeeded and has no effect")
		}
	} else if w.Status != 0 && len(made) == 0 {
		violation("LOST")
	}
	if len(made) > want {
		violation("DOUBLED: %d changes, want %d", len(made), want)
	}
	for _, c := range made {
		for name, value := range w.Values {
			if got := fmt.Sprint(c.values[name]); got != value {
				violation("change %d says %s %q", c.seq, name, got)
			}
		}
		if action := w.action(); action != "" && c.action != action {
			violation("change %d says %q", c.seq, c.action)
		}
	}
	return violations
}

// action is what a write's change must be called; "" for a write that may be either.
func (w *Write) action() string {
	switch {
	case w.Kind == Update || w.Kind == Postback || w.Kind == Entry && w.Status == 202:
		return "updated"
	case w.Kind != Entry || w.Status == 201:
		return "created"
	default:
		return ""
	}
}

// Verify returns what the program's own verification finds wrong with a book, and that it could not look.
func Verify(ctx context.Context, b verify.Book, o verify.Options) (violations []string) {
	o.Found = func(f verify.Finding) {
		violations = append(violations, strings.TrimSpace(fmt.Sprintf("BROKEN: %s: %s %s %s", f.Invariant, f.Subject, f.ID, f.Message)))
	}
	if _, err := verify.Run(ctx, b, o); err != nil {
		violations = append(violations, "UNREADABLE: "+err.Error())
	}
	return violations
}
