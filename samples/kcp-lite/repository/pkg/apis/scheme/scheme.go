package scheme

import "example.com/kcp-lite/pkg/apis/meta"

// New gives a scheme with every group of this module installed.
func New() (*meta.Scheme, error) {
	scheme := meta.NewScheme()
	for _, install := range groups {
		if err := install(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}
