import type { Message } from "../../app/i18n";

export type Kind = "DataDrift" | "PredictionDrift" | "DataQuality" | "FeatureAttributionDrift";

export interface SignalPlan {
  kind: Kind;
  isOn: boolean;
  alerts: boolean;
  numericalMetric: string;
  numerical: number;
  categoricalMetric: string;
  categorical: number;
}

export interface Plan {
  name: string;
  deployment: string;
  task: string;
  signals: SignalPlan[];
  /** A data asset, as `name:version`; nothing for what was collected before. */
  reference: string;
  target: string;
  frequency: string;
  interval: number;
  hour: number;
  emails: string;
  webhook: string;
  compute: string;
}

export const TITLES: Record<Kind, Message> = {
  DataDrift: "Data drift",
  PredictionDrift: "Prediction drift",
  DataQuality: "Data quality",
  FeatureAttributionDrift: "Feature attribution drift",
};

export const NUMERICAL = [
  "normalizedWassersteinDistance",
  "jensenShannonDistance",
  "populationStabilityIndex",
  "twoSampleKolmogorovSmirnovTest",
];
export const CATEGORICAL = ["jensenShannonDistance", "populationStabilityIndex", "pearsonsChiSquaredTest"];
const RATES = ["nullValueRate", "dataTypeErrorRate", "outOfBoundsRate"];

const signal = (kind: Kind, isOn: boolean): SignalPlan => ({
  kind,
  isOn,
  alerts: true,
  numericalMetric: NUMERICAL[0],
  numerical: kind === "DataQuality" ? 0 : kind === "FeatureAttributionDrift" ? 0.9 : 0.1,
  categoricalMetric: CATEGORICAL[0],
  categorical: kind === "DataQuality" ? 0 : 0.1,
});

export const signals = (): SignalPlan[] => [
  signal("DataDrift", true),
  signal("PredictionDrift", true),
  signal("DataQuality", true),
  signal("FeatureAttributionDrift", false),
];

/** The words of a signal in YAML, by which it is named. */
const word = (kind: Kind) => kind.replace(/(?!^)([A-Z])/g, "_$1").toLowerCase();

/** What is sent for a plan: a schedule whose action is to create a monitor. */
export function bodyOf(plan: Plan, referenceType: string): object {
  const reference = plan.reference
    ? {
        inputDataType: "Fixed",
        dataContext: "training",
        jobInputType: referenceType,
        uri: `azureml:${plan.reference}`,
        columns: plan.target ? { target_column: plan.target } : {},
      }
    : undefined;
  const on = plan.signals.filter(({ isOn }) => isOn);
  const emails = plan.emails.split(/[\s,;]+/).filter(Boolean);
  const pattern = plan.frequency === "Hour" ? {} : { schedule: { hours: [plan.hour], minutes: [0] } };
  return {
    properties: {
      displayName: plan.name,
      properties: plan.webhook ? { "smalt.webhooks": JSON.stringify([plan.webhook]) } : {},
      trigger: { triggerType: "Recurrence", frequency: plan.frequency, interval: plan.interval, ...pattern },
      action: {
        actionType: "CreateMonitor",
        monitorDefinition: {
          computeConfiguration: {
            computeType: "ServerlessSpark",
            runtimeVersion: "3.4",
            instanceType: plan.compute || "standard_e4s_v3",
          },
          monitoringTarget: { deploymentId: `azureml:${plan.deployment}`, taskType: plan.task },
          signals: Object.fromEntries(on.map((each) => [word(each.kind), signalOf(each, reference)])),
          alertNotificationSetting: {
            alertNotificationType: "Email",
            emailNotificationSetting: { emails, emailOn: ["JobFailed", "JobCompleted"] },
          },
        },
      },
    },
  };
}

function signalOf(plan: SignalPlan, reference: object | undefined): object {
  const common = { signalType: plan.kind, mode: plan.alerts ? "Enabled" : "Disabled" };
  if (plan.kind === "FeatureAttributionDrift") {
    const metric = { metric: "normalizedDiscountedCumulativeGain", threshold: { value: plan.numerical } };
    return { ...common, referenceData: reference, metricThreshold: metric };
  }
  const compared = plan.kind === "PredictionDrift" ? {} : { referenceData: reference };
  return { ...common, ...compared, metricThresholds: limitsOf(plan) };
}

function limitsOf(plan: SignalPlan): object[] {
  const families = [
    ["Numerical", plan.numerical, plan.numericalMetric],
    ["Categorical", plan.categorical, plan.categoricalMetric],
  ] as const;
  return families.flatMap(([dataType, value, metric]) =>
    (plan.kind === "DataQuality" ? RATES : [metric]).map((each) => ({ dataType, metric: each, threshold: { value } })),
  );
}
