package meta

// TypeMeta names the API type of an object in its serialised form.
// +k8s:deepcopy-gen=true
type TypeMeta struct {
	// Kind is the type's name.
	// +optional
	Kind string `json:"kind,omitempty"`

	// APIVersion is `<group>/<version>`.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
}

// ObjectMeta is the metadata that every persistent object carries.
// +k8s:deepcopy-gen=true
type ObjectMeta struct {
	// Name is unique within a namespace.
	// +optional
	Name string `json:"name,omitempty"`

	// Namespace is empty for cluster-scoped objects.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Labels are indexed and can be selected by.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// Annotations are opaque to the API.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`

	// Generation rises with every change of the specification.
	// +optional
	Generation int64 `json:"generation,omitempty"`

	// CreationTimestamp is when the object was made.
	// +optional
	CreationTimestamp Time `json:"creationTimestamp,omitempty"`
}

// ListMeta is the metadata of a list.
// +k8s:deepcopy-gen=true
type ListMeta struct {
	// ResourceVersion is the version of the whole list.
	// +optional
	ResourceVersion string `json:"resourceVersion,omitempty"`

	// Continue is a token for the rest of a partial list.
	// +optional
	Continue string `json:"continue,omitempty"`
}

// ConditionStatus is the state of a condition.
// +kubebuilder:validation:Enum=True;False;Unknown
type ConditionStatus string

// The states of a condition.
const (
	ConditionTrue    ConditionStatus = "True"
	ConditionFalse   ConditionStatus = "False"
	ConditionUnknown ConditionStatus = "Unknown"
)

// Condition is one observed aspect of an object.
// +k8s:deepcopy-gen=true
type Condition struct {
	// Type is the aspect's name in CamelCase.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=316
	Type string `json:"type"`

	// Status says whether the aspect holds.
	Status ConditionStatus `json:"status"`

	// ObservedGeneration is the generation that was judged.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// LastTransitionTime is when the status changed last.
	// +optional
	LastTransitionTime Time `json:"lastTransitionTime,omitempty"`

	// Reason is a CamelCase word for programs.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:Pattern=`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`
	Reason string `json:"reason"`

	// Message is a sentence for people.
	// +kubebuilder:validation:MaxLength=32768
	// +optional
	Message string `json:"message,omitempty"`
}

// LabelSelector selects objects by exact labels; the empty selector selects everything.
// +k8s:deepcopy-gen=true
type LabelSelector struct {
	// MatchLabels must all be present with exactly these values.
	// +optional
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}

// ObjectReference points at another object.
// +k8s:deepcopy-gen=true
type ObjectReference struct {
	// Kind is the type of the object.
	// +kubebuilder:validation:MinLength=1
	Kind string `json:"kind"`

	// Namespace is empty for cluster-scoped objects.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Name is the object's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}
