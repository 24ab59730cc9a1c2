// Package metatest holds what the tests of every API group check in the same way.
//
// Owner: Maintainers
package metatest

import (
	"encoding/json"
	"reflect"
	"testing"

	"example.com/kcp-lite/pkg/apis/meta"
)

// Group is an API group under test.
type Group struct {
	Version meta.GroupVersion
	Install func(*meta.Scheme) error
}

// Kind checks that a kind and its list are registered, and that an object survives JSON and its own copy.
func (g Group) Kind(t *testing.T, object meta.Object) {
	t.Helper()
	scheme := meta.NewScheme()
	if err := g.Install(scheme); err != nil {
		t.Fatal(err)
	}
	kind := reflect.TypeOf(object).Elem().Name()
	if _, err := scheme.New(meta.GroupVersionKind{GroupVersion: g.Version, Kind: kind + "List"}); err != nil {
		t.Error(err)
	}
	back, err := scheme.New(meta.GroupVersionKind{GroupVersion: g.Version, Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	*object.GetTypeMeta() = *back.GetTypeMeta()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	if copied := back.DeepCopyObject(); !reflect.DeepEqual(copied, object) {
		t.Errorf("%s: %+v became %+v", kind, object, copied)
	}
	if path := shared(reflect.ValueOf(object), reflect.ValueOf(object.DeepCopyObject()), kind); path != "" {
		t.Errorf("the copy shares %s with the object", path)
	}
}

// Refused checks that validation reported a field.
func Refused(t *testing.T, err error, path string) {
	t.Helper()
	if errs, _ := err.(meta.FieldErrors); !errs.Has(path) {
		t.Errorf("%s is wrong and was not reported: %v", path, err)
	}
}

// shared names the first pointer, map or list that two values have in common, or nothing.
func shared(a, b reflect.Value, path string) string {
	switch a.Kind() {
	case reflect.Ptr:
		if a.IsNil() {
			return ""
		}
		if a.Pointer() == b.Pointer() {
			return path
		}
		return shared(a.Elem(), b.Elem(), path)
	case reflect.Map:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			return path
		}
	case reflect.Slice:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			return path
		}
		for i := 0; i < a.Len(); i++ {
			if found := shared(a.Index(i), b.Index(i), path+"[]"); found != "" {
				return found
			}
		}
	case reflect.Struct:
		if a.Type() == reflect.TypeOf(meta.Time{}) {
			return ""
		}
		for i := 0; i < a.NumField(); i++ {
			if found := shared(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); found != "" {
				return found
			}
		}
	}
	return ""
}
