import type { Rule } from "../findings/finding.ts";
import { programRules, type ProgramCode } from "./service/program.ts";
import { portsRules, type PortsCode } from "./service/ports.ts";
import { serversRules, type ServersCode } from "./service/servers.ts";
import { otherUnitsRules, type OtherUnitsCode } from "./service/other-units.ts";
import { lifecycleRules, type LifecycleCode } from "./service/lifecycle.ts";
import { restartsRules, type RestartsCode } from "./service/restarts.ts";
import { notifyRules, type NotifyCode } from "./service/notify.ts";
import { sandboxRules, type SandboxCode } from "./service/sandbox.ts";
import { limitsRules, type LimitsCode } from "./service/limits.ts";
import { usersRules, type UsersCode } from "./service/users.ts";
import { environmentRules, type EnvironmentCode } from "./service/environment.ts";
import { preloadRules, type PreloadCode } from "./service/preload.ts";
import { proxyProtocolRules, type ProxyProtocolCode } from "./service/proxy-protocol.ts";
import { handoverRules, type HandoverCode } from "./service/handover.ts";
import { installRules, type InstallCode } from "./service/install.ts";
import type { ServiceSubject } from "../subjects/subjects.ts";

export type ServiceCode =
  | ProgramCode
  | OtherUnitsCode
  | ServersCode
  | PortsCode
  | RestartsCode
  | LifecycleCode
  | NotifyCode
  | HandoverCode
  | SandboxCode
  | UsersCode
  | LimitsCode
  | EnvironmentCode
  | PreloadCode
  | ProxyProtocolCode
  | InstallCode;

export const serviceRules: Readonly<Record<ServiceCode, Rule<ServiceSubject>>> = {
  ...programRules,
  ...otherUnitsRules,
  ...serversRules,
  ...portsRules,
  ...restartsRules,
  ...lifecycleRules,
  ...notifyRules,
  ...handoverRules,
  ...sandboxRules,
  ...usersRules,
  ...limitsRules,
  ...environmentRules,
  ...preloadRules,
  ...proxyProtocolRules,
  ...installRules,
};
