package meta

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// FieldError is one thing that is wrong with one field.
type FieldError struct {
	// Path is the field as written in JSON, `spec.cells[0].name`.
	Path string
	// Message says what is wrong.
	Message string
}

// FieldErrors is everything that is wrong with an object.
type FieldErrors []FieldError

// Add notes one more error.
func (e *FieldErrors) Add(path, format string, args ...interface{}) {
	*e = append(*e, FieldError{path, fmt.Sprintf(format, args...)})
}

// Has says whether a field is among the errors.
func (e FieldErrors) Has(path string) bool {
	for _, one := range e {
		if one.Path == path {
			return true
		}
	}
	return false
}

// Error makes the whole list one error; see ToError for the empty list.
func (e FieldErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Path + ": " + one.Message
	}
	return strings.Join(lines, "; ")
}

// ToError is nil when nothing is wrong.
func (e FieldErrors) ToError() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// CheckLength wants a text of min to max characters; max 0 means no limit.
func (e *FieldErrors) CheckLength(path, value string, min, max int) {
	length := utf8.RuneCountInString(value)
	if length < min {
		e.Add(path, "must have at least %d characters", min)
	}
	if max > 0 && length > max {
		e.Add(path, "must have at most %d characters", max)
	}
}

var patterns sync.Map

// CheckPattern wants a text that matches a regular expression; the empty text is CheckLength's business.
func (e *FieldErrors) CheckPattern(path, value, pattern string) {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	if value != "" && !compiled.(*regexp.Regexp).MatchString(value) {
		e.Add(path, "%q does not match %s", value, pattern)
	}
}

// CheckRange wants a number from min to max.
func (e *FieldErrors) CheckRange(path string, value, min, max int64) {
	if value < min || value > max {
		e.Add(path, "%d is not between %d and %d", value, min, max)
	}
}

// CheckCount wants a list or map of min to max elements; max 0 means no limit.
func (e *FieldErrors) CheckCount(path string, count, min, max int) {
	if count < min {
		e.Add(path, "must have at least %d elements", min)
	}
	if max > 0 && count > max {
		e.Add(path, "must have at most %d elements", max)
	}
}

// CheckEnum wants one of the values; an optional field may be empty.
func (e *FieldErrors) CheckEnum(path, value string, values ...string) {
	for _, one := range values {
		if value == one {
			return
		}
	}
	e.Add(path, "%q is none of %s", value, strings.Join(values, ", "))
}

// CheckUnique wants no key twice in a list.
func (e *FieldErrors) CheckUnique(path string, count int, key func(int) string) {
	seen := map[string]bool{}
	for i := 0; i < count; i++ {
		if seen[key(i)] {
			e.Add(fmt.Sprintf("%s[%d]", path, i), "%q is there twice", key(i))
		}
		seen[key(i)] = true
	}
}
