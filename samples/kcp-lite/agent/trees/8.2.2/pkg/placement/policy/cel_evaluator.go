// Package policy evaluates the conditions of policies: a small part of the Common Expression Language.
//
// Known are strings, whole numbers, true and false; ! && || == != < <= > >= in; lists, parentheses, and the
// variables location, labels["..."], cpu and memory (percent in use).
//
// Owner: OWNER
package policy

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/placement/discovery"
)

// Variables is what an expression sees.
type Variables struct {
	Location    string
	Labels      map[string]string
	CPU, Memory int64
}

// Expression is a condition that compiles.
type Expression struct {
	text string
	root node
}

// node gives a string, int64, bool or []any.
type node func(Variables) (any, error)

// maxDepth bounds nesting, so that no policy can exhaust the stack.
const maxDepth = 64

var token = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|[0-9]+|[A-Za-z_]+|&&|\|\||==|!=|<=|>=|[<>!()\[\],])`)

// Compile reads an expression.
func Compile(text string) (*Expression, error) {
	p := &parser{}
	for rest := text; strings.TrimSpace(rest) != ""; {
		found := token.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("%q: cannot read %q", text, strings.TrimSpace(rest))
		}
		p.tokens = append(p.tokens, found[1])
		rest = rest[len(found[0]):]
	}
	root, err := p.binary(0)
	if err == nil && p.at < len(p.tokens) {
		err = fmt.Errorf("%q comes too much", p.peek())
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return &Expression{text: text, root: root}, nil
}

// Holds evaluates the expression; what it gives must be true or false.
func (e *Expression) Holds(variables Variables) (bool, error) {
	value, err := e.root(variables)
	if err != nil {
		return false, fmt.Errorf("%q: %w", e.text, err)
	}
	holds, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%q gives %v, which is neither true nor false", e.text, value)
	}
	return holds, nil
}

type parser struct {
	tokens    []string
	at, depth int
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *parser) take(wanted string) bool {
	if p.peek() != wanted {
		return false
	}
	p.at++
	return true
}

// levels are the binary operators, the loosest first.
var levels = [][]string{{"||"}, {"&&"}, {"==", "!=", "<=", ">=", "<", ">", "in"}}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		operator := ""
		for _, one := range levels[level] {
			if p.take(one) {
				operator = one
				break
			}
		}
		if operator == "" {
			return left, nil
		}
		var right node
		if right, err = p.binary(level + 1); err == nil {
			left = combine(operator, left, right)
		}
	}
	return nil, err
}

func (p *parser) unary() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if !p.take("!") {
		return p.primary()
	}
	inner, err := p.unary()
	return func(v Variables) (any, error) {
		value, err := inner(v)
		holds, ok := value.(bool)
		if err == nil && !ok {
			err = fmt.Errorf("! needs true or false, not %v", value)
		}
		return !holds, err
	}, err
}

func (p *parser) primary() (node, error) {
	word := p.peek()
	p.at++
	switch {
	case word == "(":
		inner, err := p.binary(0)
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a ) is missing")
		}
		return inner, err
	case word == "[":
		return p.list()
	case word == "labels":
		return p.label()
	case strings.HasPrefix(word, `"`):
		text, err := strconv.Unquote(word)
		return constant(text), err
	case word != "" && word[0] >= '0' && word[0] <= '9':
		number, err := strconv.ParseInt(word, 10, 64)
		return constant(number), err
	}
	variable, known := map[string]node{
		"true":     constant(true),
		"false":    constant(false),
		"location": func(v Variables) (any, error) { return v.Location, nil },
		"cpu":      func(v Variables) (any, error) { return v.CPU, nil },
		"memory":   func(v Variables) (any, error) { return v.Memory, nil },
	}[word]
	if !known {
		return nil, fmt.Errorf("did not expect %q", word)
	}
	return variable, nil
}

func constant(value any) node { return func(Variables) (any, error) { return value, nil } }

func (p *parser) list() (node, error) {
	var items []node
	for !p.take("]") {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.take(",") && p.peek() != "]" {
			return nil, fmt.Errorf("a ] is missing")
		}
	}
	return func(v Variables) (any, error) {
		out := make([]any, len(items))
		for i, item := range items {
			value, err := item(v)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	}, nil
}

// label reads `["key"]`; a label that is not there is the empty text.
func (p *parser) label() (node, error) {
	if !p.take("[") || !strings.HasPrefix(p.peek(), `"`) {
		return nil, fmt.Errorf(`write labels["key"]`)
	}
	key, err := strconv.Unquote(p.peek())
	p.at++
	if err == nil && !p.take("]") {
		err = fmt.Errorf("a ] is missing")
	}
	return func(v Variables) (any, error) { return v.Labels[key], nil }, err
}

func combine(operator string, left, right node) node {
	return func(v Variables) (any, error) {
		a, err := left(v)
		if err != nil {
			return nil, err
		}
		if holds, ok := a.(bool); ok && (operator == "&&" && !holds || operator == "||" && holds) {
			return holds, nil // the right side does not matter, not even its errors
		}
		b, err := right(v)
		if err != nil {
			return nil, err
		}
		return apply(operator, a, b)
	}
}

func apply(operator string, a, b any) (any, error) {
	switch operator {
	case "in":
		list, ok := b.([]any)
		for _, one := range list {
			if fmt.Sprintf("%T%v", one, one) == fmt.Sprintf("%T%v", a, a) {
				return true, nil
			}
		}
		if ok {
			return false, nil
		}
	case "&&", "||":
		_, boolean := a.(bool) // and it did not settle the matter, so the right side does
		if holds, ok := b.(bool); ok && boolean {
			return holds, nil
		}
	case "==", "!=":
		if fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) {
			return (fmt.Sprint(a) == fmt.Sprint(b)) == (operator == "=="), nil
		}
	default:
		x, okX := a.(int64)
		if y, ok := b.(int64); ok && okX {
			return map[string]bool{"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator], nil
		}
	}
	return nil, fmt.Errorf("%v %s %v makes no sense", a, operator, b)
}

// Filter keeps the locations for which an expression holds.
type Filter struct {
	expression *Expression
	workspace  *discovery.WorkspaceDiscoverer
}

var _ placement.PlacementFilter = &Filter{}

// NewFilter compiles a filter over the locations of a workspace.
func NewFilter(text string, workspace *discovery.WorkspaceDiscoverer) (*Filter, error) {
	expression, err := Compile(text)
	return &Filter{expression: expression, workspace: workspace}, err
}

// Name names the filter in reasons.
func (f *Filter) Name() string { return "policy" }

// Filter lets a location stay for which the policy holds; one that cannot be judged must not.
func (f *Filter) Filter(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (bool, string) {
	load, err := f.workspace.Load(ctx, candidate.Location)
	if err != nil {
		return false, err.Error()
	}
	holds, err := f.expression.Holds(Variables{
		Location: candidate.Location, Labels: candidate.Labels,
		CPU: int64(load.CPUPercent), Memory: int64(load.MemoryPercent),
	})
	if err != nil {
		return false, err.Error()
	}
	return holds, f.expression.text + " does not hold"
}
