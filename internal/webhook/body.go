package webhook

import (
	"strconv"
	"time"

	"clientele"
)

// idsName is what an event calls the ids in its payload.
var idsName = map[clientele.EventType]string{
	clientele.CustomerChanged: "customerIds",
	clientele.LeadChanged:     "leadIds", // our numbers: a lead's UUID lets whoever knows it report on the lead
}

// body returns the body of an event as the DKHardware document has it (section Events).
func body(s *clientele.Subscription, ids []int64, at time.Time) []byte {
	b := make([]byte, 0, 160+12*len(ids))
	b = clientele.AppendQuoted(append(b, `{"event":`...), string(s.EventType))
	if !s.OmitSecret {
		b = clientele.AppendQuoted(append(b, `,"secret":`...), s.Secret)
	}
	b = clientele.AppendQuoted(append(b, `,"payload":{`...), idsName[s.EventType])
	b = append(b, ':', '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '"'), id, 10)
		b = append(b, '"')
	}
	b = clientele.AppendQuoted(append(b, `],"date":`...), at.UTC().Format(time.RFC3339))
	return append(b, '}', '}')
}
