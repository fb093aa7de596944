package main

import (
	"context"
	"strconv"
	"sync"
	"time"

	"clientele/internal/webhook"

	"github.com/prometheus/client_golang/prometheus"
)

// healthAge is for how long the state of the subscriptions is believed: asking reads the book.
const healthAge = 10 * time.Second

// healthTimeout bounds one look at the subscriptions, so that a slow book does not hold up the other numbers.
const healthTimeout = 2 * time.Second

// hookMetrics shows the numbers of the events in Prometheus form.
type hookMetrics struct {
	hooks *webhook.Service

	mu     sync.Mutex
	health webhook.Health
	at     time.Time
}

var (
	hookAttempts = prometheus.NewDesc("clientele_delivery_attempts_total",
		"Attempts to deliver an event, by outcome.", []string{"outcome"}, nil)
	hookGathered = prometheus.NewDesc("clientele_deliveries_gathered_total",
		"Deliveries made of changes.", nil, nil)
	hookInFlight = prometheus.NewDesc("clientele_deliveries_in_flight",
		"Subscriptions that are being sent to.", nil, nil)
	hookDisabled = prometheus.NewDesc("clientele_subscriptions_disabled",
		"Subscriptions that are disabled.", nil, nil)
	hookAge = prometheus.NewDesc("clientele_subscription_undelivered_seconds",
		"Age of the oldest change that is not delivered to a subscription; 0 when there is none.",
		[]string{"project", "subscription"}, nil)
)

// watchHooks registers the numbers of the events.
func watchHooks(r prometheus.Registerer, hooks *webhook.Service) {
	r.MustRegister(&hookMetrics{hooks: hooks})
}

// Describe implements prometheus.Collector.
func (m *hookMetrics) Describe(d chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{hookAttempts, hookGathered, hookInFlight, hookDisabled, hookAge} {
		d <- desc
	}
}

// Collect implements prometheus.Collector.
func (m *hookMetrics) Collect(to chan<- prometheus.Metric) {
	for outcome, n := range m.hooks.Attempts() {
		to <- prometheus.MustNewConstMetric(hookAttempts, prometheus.CounterValue, float64(n), outcome)
	}
	to <- prometheus.MustNewConstMetric(hookGathered, prometheus.CounterValue, float64(m.hooks.Gathered()))
	to <- prometheus.MustNewConstMetric(hookInFlight, prometheus.GaugeValue, float64(m.hooks.InFlight()))
	h, ok := m.look()
	if !ok {
		return
	}
	to <- prometheus.MustNewConstMetric(hookDisabled, prometheus.GaugeValue, float64(h.Disabled))
	for i := range h.Subscriptions {
		s := &h.Subscriptions[i]
		to <- prometheus.MustNewConstMetric(hookAge, prometheus.GaugeValue, h.Age(s).Seconds(),
			strconv.FormatInt(s.ProjectID, 10), s.ID)
	}
}

// look returns how the subscriptions stand, or false when the book does not tell.
func (m *hookMetrics) look() (webhook.Health, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.at) < healthAge {
		return m.health, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	h, err := m.hooks.Health(ctx)
	if err != nil {
		return h, false
	}
	m.health, m.at = h, time.Now()
	return h, true
}
