package sqlite

import (
	"testing"

	"clientele/internal/storetest"
)

func TestStore_Events(t *testing.T) {
	template := newTemplate(t)
	storetest.RunEvents(t, func(t testing.TB) storetest.EventStore { return openCopy(t, template) })
}
