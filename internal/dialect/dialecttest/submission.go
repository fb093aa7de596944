package dialecttest

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/work"
)

// Shelf is what is read of a store by the dialects that list customers, give out tokens, or carry out writes later.
type Shelf interface {
	access.SigningKeys
	work.SubmissionStore
	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error)
	LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error)
	clientele.CustomerShelf
}

// Work carries out the submissions that wait, as the server's runner does when it is signalled.
func (s *Server) Work(ctx context.Context) error {
	w := &work.Submissions{
		Store: s.Store, Book: s.Book, Commit: s.intake, Now: s.Clock.Now, Log: slog.New(slog.NewJSONHandler(&s.log, nil)),
	}
	for {
		if again, err := w.CarryOut(ctx); again != work.AtOnce || err != nil {
			return err
		}
	}
}

// Fault fails as the case says that the store fails; nil while it works. A dialect's test asks it in front of what its
// dialect reads.
func (s *Server) Fault() error { return s.faults.happen() }

// Hide makes text one more that must not appear in the log.
func (s *Server) Hide(text string) { s.secrets = append(s.secrets, text) }

// stepCustomerWithID holds the customer with our id against the lines of a case.
func stepCustomerWithID(ctx context.Context, s *Server, args, want string) error {
	key, project, err := s.keyAndProject(args)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return err
	}
	c, err := s.Store.FindCustomer(ctx, project, id)
	if err != nil {
		return fmt.Errorf("customer with id %d of project %d: %w", id, project, err)
	}
	if err := s.CompareLines(linesOf(want), customerLines(&c)[1:]); err != nil {
		return fmt.Errorf("customer with id %d of project %d: %w", id, project, err)
	}
	return nil
}
