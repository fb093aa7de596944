package clientele_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxLines is how long a file may get; generated ones are as long as they are.
const maxLines = 400

func TestHouse_NoFileIsTooLong(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
			if err == nil && ast.IsGenerated(f) {
				continue
			}
			if n := bytes.Count(text, []byte("\n")); n > maxLines {
				t.Errorf("%s/%s has %d lines, more than %d: look again", p.ImportPath, name, n, maxLines)
			}
		}
	}
}

func TestHouse_NoInitAndNoGlobalState(t *testing.T) {
	for _, p := range listPackages(t) {
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if !ast.IsGenerated(f) {
				files = append(files, f)
			}
		}
		for _, fault := range globalState(fset, files) {
			t.Error(strings.TrimPrefix(fault, p.Dir+string(filepath.Separator)) + " in " + p.ImportPath)
		}
	}
}

// noImports makes the type checker go on without what is imported: only the package's own names are of interest.
type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not looked at") }

// globalState returns what in a package's files is an init function or a variable of the package that code writes to, as
// far as one can tell at a glance: methods that change what they are called on are not looked into.
func globalState(fset *token.FileSet, files []*ast.File) []string {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	checked, _ := config.Check("looked-at", fset, files, info) // with errors, since nothing is imported
	l := &stateLooker{fset: fset, info: info, scope: checked.Scope()}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					l.fault(d.Pos(), "func init")
				}
			case *ast.GenDecl:
				l.lookAtVars(d)
			}
		}
		ast.Inspect(f, l.lookAt)
	}
	return l.faults
}

type stateLooker struct {
	fset   *token.FileSet
	info   *types.Info
	scope  *types.Scope
	faults []string
}

func (l *stateLooker) fault(at token.Pos, format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf("%s: %s", l.fset.Position(at), fmt.Sprintf(format, args...)))
}

// lookAtVars finds variables of the package that can be nothing but state: locks, atomics, channels.
func (l *stateLooker) lookAtVars(d *ast.GenDecl) {
	if d.Tok != token.VAR {
		return
	}
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for _, e := range append([]ast.Expr{v.Type}, v.Values...) {
			if e != nil && isState(e) {
				l.fault(v.Pos(), "%s is state of the package", v.Names[0].Name)
			}
		}
	}
}

// isState reports whether an expression is a type, or makes a value, of a lock, an atomic or a channel.
func isState(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ChanType:
		return true
	case *ast.CompositeLit:
		return e.Type != nil && isState(e.Type)
	case *ast.UnaryExpr:
		return isState(e.X)
	case *ast.StarExpr:
		return isState(e.X)
	case *ast.IndexExpr:
		return isState(e.X)
	case *ast.CallExpr:
		name, isIdent := e.Fun.(*ast.Ident)
		return isIdent && (name.Name == "make" || name.Name == "new") && isState(e.Args[0])
	case *ast.SelectorExpr:
		x, isIdent := e.X.(*ast.Ident)
		return isIdent && (x.Name == "sync" || x.Name == "atomic") && !strings.HasPrefix(e.Sel.Name, "Once")
	}
	return false
}

// lookAt finds statements that write to a variable of the package.
func (l *stateLooker) lookAt(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			l.lookAtTarget(e)
		}
	case *ast.IncDecStmt:
		l.lookAtTarget(n.X)
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			l.lookAtTarget(n.Key)
			l.lookAtTarget(n.Value)
		}
	case *ast.CallExpr:
		if name, isIdent := n.Fun.(*ast.Ident); isIdent && slices.Contains([]string{"delete", "clear", "copy"}, name.Name) && len(n.Args) > 0 {
			l.lookAtTarget(n.Args[0])
		}
	}
	return true
}

// lookAtTarget finds the variable that an expression is a part of.
func (l *stateLooker) lookAtTarget(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			if v, isVar := l.info.Uses[x].(*types.Var); isVar && v.Parent() == l.scope {
				l.fault(x.Pos(), "%s is a variable of the package, and is written to", x.Name)
			}
			return
		default:
			return
		}
	}
}

// TestHouse_GlobalStateIsSeen makes sure that the test above can fail.
func TestHouse_GlobalStateIsSeen(t *testing.T) {
	const preamble = "package p\nimport (\"sync\"; \"sync/atomic\"; \"errors\")\n"
	for code, want := range map[string]int{
		"func init() {}":                          1,
		"var n int\nfunc f() { n++ }":             1,
		"var n int\nfunc f() { n = 1; (n) += 1 }": 2,
		"var m = map[string]int{}\nfunc f() { m[\"a\"] = 1; delete(m, \"a\"); clear(m) }": 3,
		"var c struct{ x struct{ y int } }\nfunc f() { c.x.y = 1 }":                       1,
		"var p = new(int)\nfunc f() { *p = 1 }":                                           1,
		"var s []int\nfunc f() { for _, s[0] = range s {} }":                              1,

		"var mu sync.Mutex":                              1,
		"var n atomic.Int64":                             1,
		"var c = make(chan int)":                         1,
		"var a, b = &sync.Pool{}, atomic.Pointer[int]{}": 2,

		"var errGone = errors.New(\"gone\")\nfunc f() error { return errGone }":                   0,
		"var m = map[string]int{}\nfunc f(k string) int { return m[k] }":                          0,
		"var n int\nfunc f() int { n := n; n++; return n }":                                       0,
		"var n int\ntype t struct{ n int }\nfunc (t *t) f(n int) { t.n = n; n = 2 }":              0,
		"type t struct{}\nfunc (t) init() {}":                                                     0,
		"var once = sync.OnceValue(func() int { return 1 })\nfunc f() int { return once() }":      0,
		"var list = []int{1}\nfunc f() (sum int) { for _, n := range list { sum += n }; return }": 0,
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", preamble+code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := globalState(fset, []*ast.File{f}); len(got) != want {
			t.Errorf("%s\n  faults %q, want %d", code, got, want)
		}
	}
}
