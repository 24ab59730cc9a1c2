package crd

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/kcp-lite/internal/source"
)

const validation = "kubebuilder:validation:"

var bounds = map[string]string{
	"Minimum": "minimum", "Maximum": "maximum", "MinLength": "minLength", "MaxLength": "maxLength",
	"MinItems": "minItems", "MaxItems": "maxItems", "MinProperties": "minProperties", "MaxProperties": "maxProperties",
}

// apply lets markers shape a schema. A misspelt validation marker is an error: it would check nothing.
func apply(schema *Schema, markers source.Markers, file string) error {
	for _, marker := range markers {
		if err := applyOne(schema, marker); err != nil {
			return fmt.Errorf("%s:%d: +%s: %w", file, marker.Line, marker.Name, err)
		}
	}
	return nil
}

func applyOne(schema *Schema, marker source.Marker) error {
	switch marker.Name {
	case "kubebuilder:default":
		schema.Default = jsonValue(marker.Value)
	case "listType":
		schema.ListType = marker.Value
	case "listMapKey":
		schema.ListMapKeys = append(schema.ListMapKeys, marker.Value)
	case validation + "Enum":
		schema.Enum = strings.Split(marker.Value, ";")
	case validation + "Pattern":
		schema.Pattern = marker.Value
	case validation + "Format":
		schema.Format = marker.Value
	case validation + "Required", validation + "Optional":
	default:
		return applyBound(schema, marker)
	}
	return nil
}

func applyBound(schema *Schema, marker source.Marker) error {
	if !strings.HasPrefix(marker.Name, validation) {
		return nil
	}
	key, ok := bounds[strings.TrimPrefix(marker.Name, validation)]
	if !ok {
		return fmt.Errorf("unknown validation marker")
	}
	value, err := strconv.ParseInt(marker.Value, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", marker.Value)
	}
	if schema.Bounds == nil {
		schema.Bounds = map[string]int64{}
	}
	schema.Bounds[key] = value
	return nil
}

// jsonValue reads a default as kubebuilder writes it: a number, a boolean, a quoted or a bare string.
func jsonValue(text string) string {
	if _, err := strconv.ParseInt(text, 10, 64); err == nil || text == "true" || text == "false" {
		return text
	}
	return strconv.Quote(strings.Trim(text, `"`))
}
