package meta

import (
	"encoding/json"
	"time"
)

// Time is a point in time; the zero value is written as null.
type Time struct {
	time.Time
}

// At wraps a point in time, cut to whole seconds as it will be serialised.
func At(t time.Time) Time {
	return Time{t.UTC().Truncate(time.Second)}
}

// DeepCopyInto copies a time; points in time are immutable values.
func (in *Time) DeepCopyInto(out *Time) {
	*out = *in
}

// MarshalJSON writes RFC 3339 in UTC.
func (in Time) MarshalJSON() ([]byte, error) {
	if in.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(in.UTC().Format(time.RFC3339))
}

// UnmarshalJSON reads RFC 3339 or null.
func (in *Time) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	if text == nil {
		*in = Time{}
		return nil
	}
	parsed, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return err
	}
	*in = At(parsed)
	return nil
}
