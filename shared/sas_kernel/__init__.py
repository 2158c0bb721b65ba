"""The shared vocabulary: identifiers, flows, time, data sets, contracts. Pure, no third party."""
