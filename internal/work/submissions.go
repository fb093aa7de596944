package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// Submissions carries out the submissions of all projects, those of one project in order of acceptance.
type Submissions struct {
	// Store has the submissions.
	Store SubmissionStore
	// Book knows what a submission means.
	Book interface {
		CarryOut(s *clientele.Submission, lease string) clientele.Write
		GiveUp(s *clientele.Submission, lease string) clientele.Write
	}
	// Commit makes writes durable together, in order, and returns the outcome or error of each.
	Commit interface {
		CommitAll(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, []error)
	}
	Now func() time.Time
	Log *slog.Logger
	// Lease is how long a claim holds when its worker dies; default 10 s. A batch that takes longer has no effect once
	// another worker claimed it.
	Lease time.Duration
	// Batch is how many submissions are carried out together; default 256.
	Batch int
}

// SubmissionStore is what carrying out submissions needs of a store.
type SubmissionStore interface {
	// ProjectsWithSubmissions returns the projects that have unfinished submissions.
	ProjectsWithSubmissions(ctx context.Context) ([]int64, error)
	// ClaimSubmissions takes the project's oldest unfinished submissions under a claim; none while another claim holds.
	ClaimSubmissions(ctx context.Context, project int64, c clientele.Claim, limit int) ([]clientele.Submission, error)
	// ReleaseSubmissions gives up a claim; whoever's it is with lease "".
	ReleaseSubmissions(ctx context.Context, project int64, lease string) error
}

const (
	defaultLease = 10 * time.Second
	defaultBatch = 256
)

const (
	// batchesInARow is how many batches of one project are carried out before the other projects have their turn.
	batchesInARow = 4
	// heldRetry is how soon a project is tried again whose submissions another server works off: one that this server accepted
	// may have come too late for it.
	heldRetry = 100 * time.Millisecond
)

// EndClaims ends the claims of servers that died, at once instead of when they run out. Only for a server that is the only
// one of its book.
func (s *Submissions) EndClaims(ctx context.Context) error {
	projects, err := s.Store.ProjectsWithSubmissions(ctx)
	for _, project := range projects {
		err = errors.Join(err, s.Store.ReleaseSubmissions(ctx, project, ""))
	}
	return err
}

// CarryOut carries out what is due, of each project some batches; it is a Task.
func (s *Submissions) CarryOut(ctx context.Context) (time.Duration, error) {
	projects, err := s.Store.ProjectsWithSubmissions(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	var again time.Duration
	for _, project := range projects {
		soon, err := s.carryOutProject(ctx, project)
		if err != nil {
			errs = append(errs, fmt.Errorf("submissions of project %d: %w", project, err))
		}
		if soon > 0 && (again == 0 || soon < again) {
			again = soon
		}
	}
	return again, errors.Join(errs...)
}

// carryOutProject works off some batches of a project and returns how soon it wants its next turn; 0 when nothing is left. The
// claim is renewed with each batch and released in the end, also on the way down: another server goes on at once.
func (s *Submissions) carryOutProject(ctx context.Context, project int64) (again time.Duration, err error) {
	lease := uuid.NewString()
	defer func() {
		err = errors.Join(err, s.Store.ReleaseSubmissions(context.WithoutCancel(ctx), project, lease))
	}()
	for i := range batchesInARow {
		if ctx.Err() != nil {
			return AtOnce, nil
		}
		claim := clientele.Claim{Lease: lease, At: s.Now().UTC(), Until: s.Now().UTC().Add(orDefault(s.Lease, defaultLease))}
		due, err := s.Store.ClaimSubmissions(ctx, project, claim, orDefault(s.Batch, defaultBatch))
		switch {
		case err != nil:
			return 0, err
		case len(due) == 0 && i == 0:
			return heldRetry, nil
		case len(due) == 0:
			return 0, nil
		}
		if err := s.carryOutBatch(ctx, due, lease); err != nil {
			return 0, err
		}
		if len(due) < orDefault(s.Batch, defaultBatch) {
			return 0, nil // that was all; who came meanwhile has signalled
		}
	}
	return AtOnce, nil
}

// carryOutBatch carries out the submissions in their order. One that cannot be read, or that the book refuses for good, is
// given up, so that it does not stand in the way of the others for ever.
func (s *Submissions) carryOutBatch(ctx context.Context, due []clientele.Submission, lease string) error {
	var giveUp []clientele.Write
	fail := func(sub *clientele.Submission, cause error) {
		s.Log.Error("submission cannot be carried out", "submission", sub.ID, "project", sub.ProjectID, "cause", cause.Error())
		giveUp = append(giveUp, s.Book.GiveUp(sub, lease))
	}
	writes := make([]clientele.Write, 0, len(due))
	of := make([]*clientele.Submission, 0, len(due))
	for i := range due {
		if due[i].Damage != nil {
			fail(&due[i], due[i].Damage)
			continue
		}
		writes, of = append(writes, s.Book.CarryOut(&due[i], lease)), append(of, &due[i])
	}
	_, errs := s.Commit.CommitAll(context.WithoutCancel(ctx), writes)
	for i, err := range errs {
		switch {
		case err == nil:
		case clientele.KindOf(err) == clientele.KindUnavailable:
			return err // the rest is claimed again
		default:
			fail(of[i], err)
		}
	}
	_, errs = s.Commit.CommitAll(context.WithoutCancel(ctx), giveUp)
	for _, err := range errs {
		if clientele.KindOf(err) == clientele.KindUnavailable {
			return err
		}
	}
	return nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
