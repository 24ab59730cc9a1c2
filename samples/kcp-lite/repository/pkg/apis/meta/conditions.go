package meta

// FindCondition gives the condition of a type, or nil.
func FindCondition(conditions []Condition, conditionType string) *Condition {
	for i := range conditions {
		if conditions[i].Type == conditionType {
			return &conditions[i]
		}
	}
	return nil
}

// IsTrue says whether a condition is there and holds.
func IsTrue(conditions []Condition, conditionType string) bool {
	found := FindCondition(conditions, conditionType)
	return found != nil && found.Status == ConditionTrue
}

// SetCondition adds or replaces a condition; the transition time moves only when the status does.
func SetCondition(conditions *[]Condition, update Condition) {
	found := FindCondition(*conditions, update.Type)
	if found == nil {
		*conditions = append(*conditions, update)
		return
	}
	if found.Status == update.Status {
		update.LastTransitionTime = found.LastTransitionTime
	}
	*found = update
}

// Matches says whether a selector selects an object with these labels.
func (in *LabelSelector) Matches(labels map[string]string) bool {
	for key, value := range in.MatchLabels {
		if actual, ok := labels[key]; !ok || actual != value {
			return false
		}
	}
	return true
}
