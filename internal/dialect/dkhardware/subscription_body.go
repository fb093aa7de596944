package dkhardware

import (
	"fmt"
	"strconv"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// subscriptionBody is a subscription as it is sent.
type subscriptionBody struct {
	SubscriptionID jsontext.Value `json:"subscriptionId"`
	Webhook        jsontext.Value `json:"webhook"`
	EventType      jsontext.Value `json:"eventType"`
	Policies       jsontext.Value `json:"policies"`
}

type webhookBody struct {
	URL        jsontext.Value `json:"url"`
	Secret     jsontext.Value `json:"secret"`
	OmitSecret jsontext.Value `json:"omitSecret"`
}

type policiesBody struct {
	Retry jsontext.Value `json:"retry"`
}

type retryBody struct {
	Intervals      jsontext.Value `json:"intervals"`
	RequestTimeout jsontext.Value `json:"requestTimeout"`
}

type intervalBody struct {
	Value jsontext.Value `json:"value"`
}

// Bounds of a subscription.
const (
	maxURL         = 1024
	maxSecret      = 64
	maxEventType   = 64
	maxIntervals   = 20
	minDuration    = time.Second
	maxInterval    = 24 * time.Hour
	maxTimeout     = 5 * time.Minute
	maxDurationLen = len("hh:mm:ss")
)

const notInRange = "'%s' has a range of values which does not include '%s'."

// decodeSubscription reads the body of a create. Without a secret events have none.
func decodeSubscription(body []byte) (o clientele.SubscriptionOrder, err error) {
	var b subscriptionBody
	if err := decode(body, &b); err != nil {
		return o, err
	}
	var f faults
	property{"SubscriptionId", b.SubscriptionID}.empty(&f)
	var w webhookBody
	property{"Webhook", b.Webhook}.object(&f, &w)
	o.URL = property{"Webhook.Url", w.URL}.required(&f, maxURL).V
	o.Secret = property{"Webhook.Secret", w.Secret}.text(&f, maxSecret).V
	o.OmitSecret = property{"Webhook.OmitSecret", w.OmitSecret}.flag(&f) || o.Secret == ""
	before := len(f)
	event := property{"EventType", b.EventType}.required(&f, maxEventType).V
	if o.EventType = clientele.EventType(event); len(f) == before && o.EventType.Subject() == "" {
		f.add("EventType", notInRange, "Event Type", event)
	}
	o.Retry, o.RequestTimeout = readPolicies(&f, b.Policies)
	return o, f.err()
}

// decodePolicies reads the body of an update.
func decodePolicies(body []byte) (id string, retry []time.Duration, timeout time.Duration, err error) {
	var b subscriptionBody
	if err := decode(body, &b); err != nil {
		return "", nil, 0, err
	}
	var f faults
	id = property{"SubscriptionId", b.SubscriptionID}.required(&f, maxID).V
	property{"Webhook", b.Webhook}.empty(&f)
	property{"EventType", b.EventType}.empty(&f)
	if p := (property{"Policies", b.Policies}); p.isEmpty() {
		f.add(p.path, "'%s' must not be empty.", p.display())
	} else {
		retry, timeout = readPolicies(&f, b.Policies)
	}
	return id, retry, timeout, f.err()
}

func decodeSubscriptionID(body []byte) (string, error) {
	var b subscriptionBody
	if err := decode(body, &b); err != nil {
		return "", err
	}
	var f faults
	id := property{"SubscriptionId", b.SubscriptionID}.required(&f, maxID).V
	return id, f.err()
}

// object reads an object of properties into v; absent and null are an empty one.
func (p property) object(f *faults, v any) {
	if p.raw.Kind() == jsontext.KindInvalid || p.raw.Kind() == jsontext.KindNull {
		return
	}
	if p.raw.Kind() == jsontext.KindString {
		addNotValid(f, p.path, unquote(p.raw))
		return
	}
	if p.raw.Kind() != jsontext.KindBeginObject || json.Unmarshal(p.raw, v) != nil {
		addNotValid(f, p.path, string(p.raw))
	}
}

// readPolicies reads the policies; 0 for a time-out that is not stated.
func readPolicies(f *faults, raw jsontext.Value) (retry []time.Duration, timeout time.Duration) {
	var policies policiesBody
	property{"Policies", raw}.object(f, &policies)
	var body retryBody
	property{"Policies.Retry", policies.Retry}.object(f, &body)
	const path = "Policies.Retry.Intervals"
	var items []jsontext.Value
	switch kind := body.Intervals.Kind(); {
	case kind == jsontext.KindInvalid || kind == jsontext.KindNull:
	case kind != jsontext.KindBeginArray || json.Unmarshal(body.Intervals, &items) != nil:
		addNotValid(f, path, string(body.Intervals))
	case len(items) > maxIntervals:
		f.add(path, "'Intervals' must contain %d items or fewer. You entered %d items.", maxIntervals, len(items))
		items = nil
	}
	for i, item := range items {
		var interval intervalBody
		at := fmt.Sprintf("%s[%d]", path, i)
		property{at, item}.object(f, &interval)
		retry = append(retry, property{at + ".Value", interval.Value}.duration(f, maxInterval))
	}
	p := property{"Policies.Retry.RequestTimeout", body.RequestTimeout}
	if !p.isEmpty() {
		timeout = p.duration(f, maxTimeout)
	}
	return retry, timeout
}

// duration reads a required duration of the form hh:mm:ss, of a second at least.
func (p property) duration(f *faults, longest time.Duration) time.Duration {
	before := len(*f)
	text := p.required(f, maxDurationLen).V
	if len(*f) > before {
		return 0
	}
	d, ok := parseDuration(text)
	switch {
	case !ok:
		addNotValid(f, p.path, text)
	case d < minDuration || d > longest:
		f.add(p.path, "'%s' must be between %s and %s. You entered %s.", p.display(), formatDuration(minDuration),
			formatDuration(longest), text)
	}
	return d
}

func parseDuration(text string) (time.Duration, bool) {
	if len(text) != maxDurationLen || text[2] != ':' || text[5] != ':' {
		return 0, false
	}
	var d time.Duration
	for i, most := range []uint64{99, 59, 59} {
		n, err := strconv.ParseUint(text[3*i:3*i+2], 10, 8)
		if err != nil || n > most {
			return 0, false
		}
		d = d*60 + time.Duration(n)*time.Second
	}
	return d, true
}

func formatDuration(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
