package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/dossier"
	"clientele/internal/work"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type customerCommand struct {
	Export   customerExport   `cmd:"" help:"Write down everything that the book holds about one customer, as JSON."`
	Erase    customerErase    `cmd:"" help:"Forget one customer: the record, every value in its history, and what else tells of the person."`
	Erasures customerErasures `cmd:"" help:"List which customers were erased, and whether somebody came back."`
}

// whichCustomer names one customer of a project.
type whichCustomer struct {
	Project    string `help:"Name of the project." required:"" placeholder:"NAME"`
	ID         int64  `help:"The customer's id in the book." name:"id" placeholder:"N"`
	ExternalID string `help:"The partner's id of the customer." name:"external-id" placeholder:"ID"`
	Email      string `help:"The customer's e-mail address; when several customers have it, they are listed, and one is named by its id." placeholder:"ADDRESS"`
}

// Validate is called by the parser.
func (w *whichCustomer) Validate() error {
	named := 0
	for _, is := range []bool{w.ID != 0, w.ExternalID != "", w.Email != ""} {
		if is {
			named++
		}
	}
	if named != 1 || w.ID < 0 {
		return errors.New("name the customer with one of --id, --external-id and --email")
	}
	return nil
}

// customerFinder is a store that customers are found in. Both stores are one.
type customerFinder interface {
	FindProject(ctx context.Context, name string) (clientele.Project, error)
	FindCustomerByExternalID(ctx context.Context, project int64, externalID string) (clientele.Customer, error)
	work.CustomerTermStore
	SearchCustomers(ctx context.Context, q clientele.CustomerSearch) (clientele.CustomerHits, error)
	LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error)
}

// find returns the project and the id of the customer, who need not be there when it is named by its id.
func (w *whichCustomer) find(ctx context.Context, s customerFinder) (project clientele.Project, id int64, err error) {
	project, err = s.FindProject(ctx, w.Project)
	switch {
	case err != nil:
		return project, 0, err
	case w.ID != 0:
		return project, w.ID, nil
	case w.ExternalID != "":
		c, err := s.FindCustomerByExternalID(ctx, project.ID, w.ExternalID)
		return project, c.ID, err
	}
	ids, err := w.findByEmail(ctx, s, project.ID)
	switch {
	case err != nil:
		return project, 0, err
	case len(ids) == 0:
		return project, 0, clientele.Errorf(clientele.KindNotFound, "there is no such customer")
	case len(ids) > 1:
		return project, 0, clientele.Errorf(clientele.KindConflict, "%d customers have this e-mail address: name one with --id: %s",
			len(ids), strings.Trim(fmt.Sprint(ids), "[]"))
	}
	return project, ids[0], nil
}

// findByEmail returns the customers with the address, whatever its case.
func (w *whichCustomer) findByEmail(ctx context.Context, s customerFinder, project int64) ([]int64, error) {
	if _, err := (&work.CustomerTerms{Store: s}).Follow(ctx); err != nil { // nobody may have followed what came last
		return nil, err
	}
	term := clientele.EmailTerm(w.Email)
	if term == "" {
		return nil, nil
	}
	q := clientele.CustomerSearch{
		CustomerScope: clientele.CustomerScope{ProjectID: project}, Terms: [][]string{{term}}, Limit: clientele.MaxPage,
	}
	var ids []int64
	for {
		hits, err := s.SearchCustomers(ctx, q)
		if err != nil {
			return nil, err
		}
		customers, err := s.LoadCustomers(ctx, project, hits.IDs)
		if err != nil {
			return nil, err
		}
		for i := range customers {
			c := &customers[i]
			if clientele.EmailTerm(c.Email.V) == term || clientele.EmailTerm(c.EmailNormal.V) == term {
				ids = append(ids, c.ID)
			}
		}
		if hits.Next == nil {
			return ids, nil
		}
		q.After = hits.Next
	}
}

type customerExport struct {
	config.Book
	whichCustomer `embed:""`
	Output        string `help:"File to write, readable by its owner only; it must not exist. Standard output where none is named." type:"path" placeholder:"FILE"`
}

// Run writes down what the book holds about the customer.
func (c *customerExport) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		project, id, d, err := c.collect(ctx, s.(eraserStore))
		if err != nil {
			return err
		}
		if err := auditCustomer(ctx, s, "customer.export", project.ID, id); err != nil {
			return err
		}
		if c.Output == "" {
			return printDossier(std.out, project, d)
		}
		if err := writeDossier(c.Output, project, d); err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.err, "Wrote what the book holds about customer %d of %s to %s.\n", id, project.Name, c.Output)
		return err
	})
}

// auditCustomer notes what a command did about a customer.
func auditCustomer(ctx context.Context, s store, action string, project, id int64) error {
	return s.AppendAudit(ctx, clientele.AuditEntry{
		At: time.Now().UTC().Truncate(time.Microsecond), Operator: commandOperator, Action: action, ProjectID: project,
		Subject: fmt.Sprintf("customer %d", id),
	})
}

// writeDossier writes a new file that only its owner may read. What was written of it stays away when it fails.
func writeDossier(file string, project clientele.Project, d dossier.Dossier) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return clientele.Errorf(clientele.KindConflict, "%s exists already: choose another name or move it away", file)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(printDossier(f, project, d), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

func printDossier(w io.Writer, project clientele.Project, d dossier.Dossier) error {
	b, err := json.Marshal(struct {
		Project string `json:"project"`
		dossier.Dossier
	}{project.Name, d}, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
