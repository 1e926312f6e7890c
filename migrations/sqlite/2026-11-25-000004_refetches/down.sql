DROP TABLE refetches;
