package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"

	"github.com/google/uuid"
)

const publishersPath = root + "publishers"

type publisherStore interface {
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	ListPublishers(ctx context.Context) ([]clientele.Publisher, error)
	PausePublisher(ctx context.Context, id int64, at time.Time) error
}

// publishersPage lists those who bring visitors, and has the form for one more.
type publishersPage struct {
	Publishers []clientele.Publisher
	Name       string
	Problems   map[string]string
}

func (c *Console) showPublishers(r *request) (answer, error) {
	return c.publishers(r, publishersPage{}, http.StatusOK)
}

func (c *Console) publishers(r *request, p publishersPage, status int) (answer, error) {
	var err error
	if p.Publishers, err = c.Store.ListPublishers(r.Context()); err != nil {
		return answer{}, err
	}
	return view("Publishers", publishersView(r, p)).withStatus(status), nil
}

// savePublisher creates a publisher.
func (c *Console) savePublisher(r *request) (answer, error) {
	p := publishersPage{Name: strings.TrimSpace(r.PostFormValue("name")), Problems: map[string]string{}}
	if noteProblem(p.Problems, clientele.CheckName(p.Name)) {
		return c.publishers(r, p, http.StatusUnprocessableEntity)
	}
	created, err := c.Store.CreatePublisher(r.Context(), clientele.Publisher{UUID: uuid.NewString(), Name: p.Name, CreatedAt: c.moment()})
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("publisher.create", publisherSubject(created.ID)); err != nil {
		return answer{}, err
	}
	r.flash("The publisher " + created.Name + " was created. These are the links.")
	return seeOther(publisherURL(created.ID)), nil
}

func publisherSubject(id int64) string { return fmt.Sprintf("publisher %d", id) }

func publisherURL(id int64) string { return fmt.Sprintf("%s/%d", publishersPath, id) }

// publisherPage shows a publisher with the links to every campaign.
type publisherPage struct {
	Publisher clientele.Publisher
	Links     []clickLink
}

func (c *Console) showPublisher(r *request) (answer, error) {
	one, err := c.publisher(r)
	if err != nil {
		return answer{}, err
	}
	campaigns, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return answer{}, err
	}
	p := publisherPage{Publisher: one}
	for i := range campaigns {
		p.Links = append(p.Links, r.clickLink(&campaigns[i], &one))
	}
	return view(one.Name, publisherView(r, p)), nil
}

// publisher returns the one that the URL names.
func (c *Console) publisher(r *request) (clientele.Publisher, error) {
	id, err := r.id("publisher")
	if err != nil {
		return clientele.Publisher{}, err
	}
	list, err := c.Store.ListPublishers(r.Context())
	if err != nil {
		return clientele.Publisher{}, err
	}
	for _, one := range list {
		if one.ID == id {
			return one, nil
		}
	}
	return clientele.Publisher{}, clientele.Errorf(clientele.KindNotFound, "There is no publisher %d", id)
}

// pausePublisher pauses a publisher, or resumes it.
func (c *Console) pausePublisher(r *request) (answer, error) {
	one, err := c.publisher(r)
	if err != nil {
		return answer{}, err
	}
	p, err := c.readPause(r)
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("publisher."+p.verb, publisherSubject(one.ID)); err != nil {
		return answer{}, err
	}
	if err := c.Store.PausePublisher(r.Context(), one.ID, p.at); err != nil {
		return answer{}, err
	}
	r.flash(one.Name + p.done)
	return seeOther(publisherURL(one.ID)), nil
}
