package meta

import (
	"fmt"
	"reflect"
	"sort"
)

// Object is any API type, kinds and their lists.
type Object interface {
	// GetTypeMeta gives access to the kind and version the object says it is.
	GetTypeMeta() *TypeMeta
	// DeepCopyObject gives a copy that shares no memory with the object.
	DeepCopyObject() Object
}

// GetTypeMeta makes everything that embeds TypeMeta an Object once it has its copy methods.
func (in *TypeMeta) GetTypeMeta() *TypeMeta {
	return in
}

// GroupVersion names one version of one API group.
type GroupVersion struct {
	Group   string
	Version string
}

// String is the apiVersion: `<group>/<version>`.
func (gv GroupVersion) String() string {
	return gv.Group + "/" + gv.Version
}

// GroupVersionKind names one type.
type GroupVersionKind struct {
	GroupVersion
	Kind string
}

// String is `<group>/<version> <kind>`.
func (gvk GroupVersionKind) String() string {
	return gvk.GroupVersion.String() + " " + gvk.Kind
}

// Scheme knows which Go type stands for which kind.
type Scheme struct {
	types map[GroupVersionKind]reflect.Type
}

// NewScheme gives a scheme that knows nothing yet.
func NewScheme() *Scheme {
	return &Scheme{types: map[GroupVersionKind]reflect.Type{}}
}

// AddKnownTypes registers objects under the names of their Go types.
func (s *Scheme) AddKnownTypes(gv GroupVersion, objects ...Object) error {
	for _, object := range objects {
		known := reflect.TypeOf(object)
		if known == nil || known.Kind() != reflect.Ptr || known.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("%s: %T is not a pointer to a struct", gv, object)
		}
		gvk := GroupVersionKind{gv, known.Elem().Name()}
		if _, taken := s.types[gvk]; taken {
			return fmt.Errorf("%s is registered twice", gvk)
		}
		s.types[gvk] = known.Elem()
	}
	return nil
}

// New makes an empty object of a kind, its type metadata filled in.
func (s *Scheme) New(gvk GroupVersionKind) (Object, error) {
	known, ok := s.types[gvk]
	if !ok {
		return nil, fmt.Errorf("no type is registered as %s", gvk)
	}
	object := reflect.New(known).Interface().(Object)
	*object.GetTypeMeta() = TypeMeta{Kind: gvk.Kind, APIVersion: gvk.GroupVersion.String()}
	return object, nil
}

// Kinds lists everything registered, sorted.
func (s *Scheme) Kinds() []GroupVersionKind {
	kinds := make([]GroupVersionKind, 0, len(s.types))
	for gvk := range s.types {
		kinds = append(kinds, gvk)
	}
	sort.Slice(kinds, func(i, j int) bool { return kinds[i].String() < kinds[j].String() })
	return kinds
}
