package dossier

import (
	"encoding/hex"
	"strings"
	"time"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// leftOut are columns that are about the machinery and no use to the person.
func leftOut(name string) bool { return name == "lease" }

// rowOf returns a row by the names of its columns.
func rowOf(columns []string, values clientele.Row) Row {
	r := make(Row, len(columns))
	for i, name := range columns {
		if !leftOut(name) {
			r[name] = valueOf(name, values[i])
		}
	}
	return r
}

// valueOf returns a value as it is printed.
func valueOf(name string, value any) any {
	switch v := value.(type) {
	case int64:
		switch {
		case name == "at" || strings.HasSuffix(name, "_at"):
			return time.UnixMicro(v).UTC().Format(time.RFC3339Nano)
		case strings.HasPrefix(name, "is_"):
			return v != 0
		}
	case []byte:
		if name == "answer" {
			return strings.ToValidUTF8(string(v), "\uFFFD")
		}
		return hex.EncodeToString(v)
	case string:
		if isJSON(name) && jsontext.Value(v).IsValid() {
			return jsontext.Value(v)
		}
	}
	return value
}

// isJSON reports whether a column holds JSON.
func isJSON(name string) bool {
	return name == "new_values" || name == "payload" || name == "subject_ids"
}
