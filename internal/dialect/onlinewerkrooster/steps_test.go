package onlinewerkrooster_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/onlinewerkrooster"
)

// The steps that the cases of this dialect add:
//
//	--- sent elsewhere KEY   a partner of another dialect sends this customer: one line "field: text" for each thing
//	--- customers N [of P]   the project has so many customers
//	--- changes KEY N        so many changes of the customer are on record
//	--- shelf unavailable    from now on reading customers fails; also: fails, panics, works

// stepSentElsewhere upserts a customer as a partner of OPM does.
func stepSentElsewhere(ctx context.Context, s *dialecttest.Server, key, lines string) error {
	d := clientele.Details{ExternalID: clientele.Some(key)}
	for line := range strings.Lines(lines) {
		name, text, found := strings.Cut(strings.TrimSpace(line), ": ")
		if !found {
			continue
		}
		for f := range clientele.AllFields.All {
			if f.String() == name {
				*d.Of(f) = clientele.Some(text)
			}
		}
	}
	_, err := s.Book.Upsert(ctx, book.Call{
		ProjectID: s.Project, Origin: clientele.Origin{Dialect: clientele.OPM, CredentialID: 99, RequestID: "elsewhere"},
	}, d)
	return err
}

func stepCustomers(ctx context.Context, s *dialecttest.Server, args, _ string) error {
	count, of, named := strings.Cut(args, " of ")
	want, err := strconv.Atoi(count)
	project := s.Project
	if err == nil && named {
		project, err = strconv.ParseInt(of, 10, 64)
	}
	if err != nil {
		return err
	}
	_, got, err := s.Store.(onlinewerkrooster.Shelf).FilterCustomers(ctx, clientele.CustomerFilter{ProjectID: project, Limit: 1})
	if err == nil && got != want {
		err = fmt.Errorf("project %d has %d customers, want %d", project, got, want)
	}
	return err
}

// history is what the steps ask of a store besides.
type history interface {
	ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error)
}

func stepChanges(ctx context.Context, s *dialecttest.Server, args, _ string) error {
	key, count, _ := strings.Cut(args, " ")
	want, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	c, err := s.Store.FindCustomerByExternalID(ctx, s.Project, key)
	if err != nil {
		return err
	}
	list, err := s.Store.(history).ListChanges(ctx, s.Project, clientele.SubjectCustomer, c.ID)
	if err == nil && len(list) != want {
		err = fmt.Errorf("%d changes of customer %s are on record, want %d", len(list), key, want)
	}
	return err
}

// shelves are the shelves of the servers of a test.
type shelves struct{ byServer sync.Map }

func (l *shelves) of(s *dialecttest.Server) *faultyShelf {
	shelf, _ := l.byServer.LoadOrStore(s, &faultyShelf{Shelf: s.Store.(onlinewerkrooster.Shelf)})
	return shelf.(*faultyShelf)
}

func (l *shelves) step(_ context.Context, s *dialecttest.Server, mode, _ string) error {
	switch mode {
	case "works", "unavailable", "fails", "panics":
		l.of(s).mode.Store(mode)
		return nil
	default:
		return fmt.Errorf("a shelf works, is unavailable, fails or panics; not %q", mode)
	}
}

// faultyShelf is a shelf that fails as a case says.
type faultyShelf struct {
	onlinewerkrooster.Shelf
	mode atomic.Value // string
}

// cause is what a shelf says; dialecttest holds that no answer tells it.
const cause = "a cause for the log only"

func (s *faultyShelf) happen() error {
	switch s.mode.Load() {
	case "unavailable":
		return clientele.Unavailable("The book cannot be reached", errors.New(cause))
	case "fails":
		return errors.New(cause)
	case "panics":
		panic(cause)
	default:
		return nil
	}
}

func (s *faultyShelf) FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error) {
	if err := s.happen(); err != nil {
		return clientele.Customer{}, err
	}
	return s.Shelf.FindCustomer(ctx, project, id)
}

func (s *faultyShelf) FilterCustomers(ctx context.Context, f clientele.CustomerFilter) ([]int64, int, error) {
	if err := s.happen(); err != nil {
		return nil, 0, err
	}
	return s.Shelf.FilterCustomers(ctx, f)
}
