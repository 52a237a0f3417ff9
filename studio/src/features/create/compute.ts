/** What the form of a compute holds. */
export interface Wanted {
  type: "AmlCompute" | "ComputeInstance";
  size: string;
  tier: string;
  least: number;
  most: number;
  idleSeconds: string;
  idleMinutes: string;
  hasSsh: boolean;
  sshUser: string;
  sshKey: string;
  description: string;
  tags: Record<string, string>;
}

export const NOTHING: Wanted = {
  type: "AmlCompute",
  size: "Standard_DS3_v2",
  tier: "Dedicated",
  least: 0,
  most: 4,
  idleSeconds: "120",
  idleMinutes: "",
  hasSsh: false,
  sshUser: "",
  sshKey: "",
  description: "",
  tags: {},
};

/** As ARM spells it. */
export function propertiesOf(wanted: Wanted): Record<string, unknown> {
  const description = wanted.description || undefined;
  const of = wanted.type === "AmlCompute" ? ofCluster(wanted) : ofInstance(wanted);
  return { computeType: wanted.type, description, properties: { vmSize: wanted.size, ...of } };
}

function ofCluster({ tier, least, most, idleSeconds, hasSsh, sshUser, sshKey }: Wanted) {
  const idle = Number(idleSeconds);
  return {
    vmPriority: tier,
    scaleSettings: {
      minNodeCount: least,
      maxNodeCount: most,
      nodeIdleTimeBeforeScaleDown: idle > 0 ? `PT${idle}S` : undefined,
    },
    remoteLoginPortPublicAccess: hasSsh ? "Enabled" : "Disabled",
    userAccountCredentials: hasSsh
      ? { adminUserName: sshUser || undefined, adminUserSshPublicKey: sshKey || undefined }
      : undefined,
  };
}

function ofInstance({ idleMinutes, hasSsh, sshKey }: Wanted) {
  return {
    idleTimeBeforeShutdown: Number(idleMinutes) > 0 ? `PT${Number(idleMinutes)}M` : undefined,
    sshSettings: {
      sshPublicAccess: hasSsh ? "Enabled" : "Disabled",
      adminPublicKey: hasSsh ? sshKey || undefined : undefined,
    },
  };
}
