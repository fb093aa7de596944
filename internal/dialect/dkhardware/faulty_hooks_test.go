package dkhardware_test

import (
	"context"
	"time"

	"clientele"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/dkhardware"
)

// faultyHooks stands between the dialect and the subscriptions.
type faultyHooks struct {
	dkhardware.Hooks
	server *dialecttest.Server
}

// Create implements dkhardware.Hooks.
func (h faultyHooks) Create(ctx context.Context, o clientele.SubscriptionOrder) (clientele.Subscription, error) {
	if err := h.server.Fault(); err != nil {
		return clientele.Subscription{}, err
	}
	return h.Hooks.Create(ctx, o)
}

// Find implements dkhardware.Hooks.
func (h faultyHooks) Find(ctx context.Context, project int64, id string) (clientele.Subscription, error) {
	if err := h.server.Fault(); err != nil {
		return clientele.Subscription{}, err
	}
	return h.Hooks.Find(ctx, project, id)
}

// List implements dkhardware.Hooks.
func (h faultyHooks) List(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error) {
	if err := h.server.Fault(); err != nil {
		return nil, err
	}
	return h.Hooks.List(ctx, f)
}

// SetPolicies implements dkhardware.Hooks.
func (h faultyHooks) SetPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error {
	if err := h.server.Fault(); err != nil {
		return err
	}
	return h.Hooks.SetPolicies(ctx, project, id, retry, timeout)
}

// Delete implements dkhardware.Hooks.
func (h faultyHooks) Delete(ctx context.Context, project int64, id string) error {
	if err := h.server.Fault(); err != nil {
		return err
	}
	return h.Hooks.Delete(ctx, project, id)
}
