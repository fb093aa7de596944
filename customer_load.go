package clientele

import (
	"context"
	"errors"
)

// Bounds of one load of customers, so that memory does not grow with how many are listed or what they have.
const (
	maxLoadedCustomers = 250
	// maxLoadedAddresses is for all customers of a load together. A customer who has more is loaded alone.
	maxLoadedAddresses = 1000
)

// ErrManyAddresses says that customers have more addresses than were to be loaded.
var ErrManyAddresses = errors.New("the customers have more addresses than are loaded at once")

// CustomerShelf is what customers are loaded from.
type CustomerShelf interface {
	// LoadCustomersWithin returns the project's customers with the ids, with their addresses, in the order of ids. One that is gone
	// is left out. The error is ErrManyAddresses when they have more addresses than that among them; one customer alone is always
	// loaded whole.
	LoadCustomersWithin(ctx context.Context, project int64, ids []int64, addresses int) ([]Customer, error)
}

// CustomerLoader loads customers part by part. It is for one list, and for one goroutine.
type CustomerLoader struct {
	Shelf CustomerShelf
	// part is how many the next load tries; 0 for maxLoadedCustomers. After a load that was too large it is smaller for a while.
	part int
}

// Load returns the customers with the first of ids, as many as fit into one load, and how many of ids these were: at least
// one, if there is any. One that is gone is left out.
func (l *CustomerLoader) Load(ctx context.Context, project int64, ids []int64) (list []Customer, n int, err error) {
	if l.part == 0 {
		l.part = maxLoadedCustomers
	}
	n = min(l.part, len(ids))
	if n == 0 {
		return nil, 0, nil
	}
	list, err = l.Shelf.LoadCustomersWithin(ctx, project, ids[:n], maxLoadedAddresses)
	for errors.Is(err, ErrManyAddresses) && n > 1 {
		n /= 2
		list, err = l.Shelf.LoadCustomersWithin(ctx, project, ids[:n], maxLoadedAddresses)
	}
	l.part = min(2*n, maxLoadedCustomers)
	return list, n, err
}
