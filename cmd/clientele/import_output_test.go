package main

import (
	"testing"

	"clientele/internal/importer"
)

// TestImported_SaysWhereRefusedRowsAre, also those whose file was changed or taken away in between.
func TestImported_SaysWhereRefusedRowsAre(t *testing.T) {
	for _, tt := range []struct {
		aside importer.Aside
		want  string
	}{
		{importer.Aside{}, "4 rows were refused: mend them in a and import that"},
		{importer.Aside{Rows: 4, Files: []string{"a.1"}}, "4 rows were refused: they are in a.1, since their file was changed while the import was interrupted"},
		{
			importer.Aside{Rows: 3, Files: []string{"a.1"}},
			"4 rows were refused: mend them in a and import that; the first 3 are not there but in a.1, since their file was changed while the import was interrupted",
		},
		{
			importer.Aside{Rows: 3},
			"4 rows were refused: mend them in a and import that; the first 3 are not there but where their file was moved to while the import was interrupted",
		},
	} {
		i := imported{Report: importer.Report{Counts: importer.Counts{Refused: 4}, RefusedFile: "a", Aside: tt.aside}}
		if got := i.refusal().Error(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.aside, got, tt.want)
		}
	}
}
